/**
 * Makes a fresh clone ready: `npm start` and `npm test` run this first. It installs the dependencies where they are
 * missing or older than the lock file, sees which Redis there is to run against, installs one where that is possible
 * and wanted, and says what it chose. Runs before `npm ci`, on Node 20 or newer, with nothing but Node itself.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { forgetSkippedTests, ROOT } from './skipped-tests.js';

const OLDEST_NODE = 20;
const APT_GET = 'apt-get';
const BINARIES = join(ROOT, 'node_modules', '.bin');
const CAPABILITY = new URL('../src/redis-capability.ts', import.meta.url).href;

const EMBEDDED_ADVICE = {
  start: 'It serves a demo, not a load. With redis-server or valkey-server installed, or REDIS_URL set, that is used.',
  test: 'Tests that need a server of their own are skipped and named at the end; `apt-get install redis-server` enables them.',
};

const { DISTRIBUTARY_NO_INSTALL, DISTRIBUTARY_REDIS, PATH = '' } = process.env;

const purpose = process.argv[2];
if (purpose !== 'start' && purpose !== 'test') fail('Usage: node prepare.js start|test');

checkNode();
installDependencies();
if (purpose === 'test') forgetSkippedTests();
chooseRedis(EMBEDDED_ADVICE[purpose]);

function checkNode() {
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) return;
  fail(
    `This is Node.js ${process.version}; Distributary is set up with Node.js ${OLDEST_NODE} or newer and then runs on ` +
      'the Node.js 24 that npm installs with it. Install a newer one from https://nodejs.org, then run this again.',
  );
}

function installDependencies() {
  const because = whyInstall();
  if (!because) return;
  say(`npm ci, because ${because}`);
  const { status, error } = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], {
    cwd: ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  const how = error ? error.message : `exit code ${status}`;
  fail(
    `npm ci failed (${how}); its own output above says why. Check the network, and the registry that ` +
      '`npm config get registry` names, then run this again.',
  );
}

/** npm writes node_modules/.package-lock.json when an installation is complete. */
function whyInstall() {
  const installed = modifiedMs(join(ROOT, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'the dependencies are not installed';
  const locked = modifiedMs(join(ROOT, 'package-lock.json')) ?? 0;
  return installed < locked ? 'package-lock.json is newer than what is installed' : undefined;
}

/** @param {string} path */
function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** @param {string} embeddedAdvice */
function chooseRedis(embeddedAdvice) {
  let redis = askForRedis();
  if (redis.kind === 'embedded' && mayInstallRedisServer()) {
    installRedisServer();
    redis = askForRedis();
  }
  say(`Redis: ${redis.describe}.`);
  if (redis.kind === 'embedded' && DISTRIBUTARY_REDIS !== 'embedded') say(embeddedAdvice);
}

/**
 * Asks the code that the tests and the demo ask, on the Node.js that runs them.
 * @returns {import('../src/redis-capability.ts').RedisCapability}
 */
function askForRedis() {
  const program = `import { redisCapability } from '${CAPABILITY}'; console.log(JSON.stringify(redisCapability()))`;
  const { status, stdout, stderr, error } = spawnSync('node', ['--input-type=module', '--eval', program], {
    env: { ...process.env, PATH: BINARIES + delimiter + PATH },
    encoding: 'utf8',
  });
  if (status === 0) return JSON.parse(stdout);
  fail(
    `${error ? error.message : stderr}\nThe Node.js of node_modules/.bin could not be run. Where npm is set to ignore ` +
      'install scripts, run `npm rebuild node`; otherwise remove node_modules and run this again.',
  );
}

function mayInstallRedisServer() {
  const isWanted = DISTRIBUTARY_NO_INSTALL !== '1' && DISTRIBUTARY_REDIS !== 'embedded';
  return isWanted && process.getuid?.() === 0 && existsSync('/etc/debian_version') && isOnPath(APT_GET);
}

/** Leaves no service running. */
function installRedisServer() {
  say('Redis: there is no server and no Docker here: installing redis-server with apt-get.');
  say('DISTRIBUTARY_NO_INSTALL=1 forbids that.');
  aptGet('update');
  const isInstalled = aptGet('install', '-y', '--no-install-recommends', 'redis-server');
  if (isOnPath('redis-server')) stopService();
  if (!isInstalled) say('Redis: apt-get could not install redis-server, and says why above.');
}

/** @param {string[]} args */
function aptGet(...args) {
  const patience = ['-o', 'Acquire::http::Timeout=15', '-o', 'DPkg::Lock::Timeout=60'];
  // RUNLEVEL=1: no package starts a service in single-user mode.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const { status } = spawnSync(APT_GET, ['-qq', ...patience, ...args], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status === 0;
}

/** systemd starts services whatever the runlevel. */
function stopService() {
  const [command = '', ...args] = existsSync('/run/systemd/system')
    ? ['systemctl', 'disable', '--now', 'redis-server']
    : ['service', 'redis-server', 'stop'];
  spawnSync(command, args, { stdio: 'ignore' });
}

/** @param {string} name */
function isOnPath(name) {
  const folders = PATH.split(delimiter).filter(Boolean);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @param {string} line */
function say(line) {
  console.log(`[prepare] ${line}`);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(`[prepare] ${message}`);
  process.exit(1);
}
