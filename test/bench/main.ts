import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startRedis } from '@distributary/testing/servers';
import { Redis } from 'ioredis';
import { type Figure, figuresOf, type Measurement } from './report.ts';
import { BYTES_PER_ENTRY, fillStream } from './stream.ts';

const USAGE = `npm run -s bench -- [--entries 1000000] [--rounds 3] [--only bare-loop,null-sink] [--json]

Measures entries (for the shipper and the parser: lines) per second and per CPU-second of the process that handles them,
start-up included, in one interleaved series.
The share is of the bare loop of the same round; compare nothing across series.`;

const NAMES = [
  'bare-loop',
  'null-sink',
  'elasticsearch',
  'elasticsearch-asa',
  'collector',
  'shipper',
  'shipper-without-wal',
  'parse',
];
const STREAM = 'syslog_stream';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: NAMES.join(',') },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(USAGE);
else await bench(Number(values.entries), Number(values.rounds), values.only.split(','));

async function bench(entries: number, rounds: number, names: readonly string[]): Promise<void> {
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown) throw new Error(`There is no figure ${unknown}; there are ${NAMES.join(', ')}.`);
  build();
  await using redis = await startRedis({ requireProcess: true });
  const admin = new Redis(redis.url);
  const endpoint = startChild('endpoint.ts', {});
  const [{ url }] = (await once(endpoint, 'message')) as [{ url: string }];
  try {
    const setup = await setUp(admin, entries, rounds);
    console.error(setup);
    await fillStream(admin, STREAM, entries);
    const measured: Map<string, Measurement>[] = [];
    for (let round = 1; round <= rounds; round++) {
      measured.push(new Map());
      for (const name of names) {
        const measurement = await run(name, { redisUrl: redis.url, sinkUrl: url, entries, admin });
        measured.at(-1)?.set(name, measurement);
        console.error(
          `round ${round}/${rounds}  ${name.padEnd(18)} ${perCpuSecond(measurement)} entries per CPU-second`,
        );
      }
    }
    const figures = figuresOf(names, measured);
    if (values.json) console.log(JSON.stringify({ setup, figures }));
    else printTable(figures);
  } finally {
    endpoint.disconnect();
    admin.disconnect();
  }
}

/** What is measured is what is published: the built packages, without the cost of stripping types. */
function build(): void {
  const { status } = spawnSync('tsc', ['-b', '../consumers/noc', '../packages/sink-siem', '../packages/shipper'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error('The packages cannot be built; the errors stand above.');
}

async function setUp(admin: Redis, entries: number, rounds: number): Promise<Record<string, string | number>> {
  const version = /^(?:valkey|redis)_version:(.*)$/m.exec(await admin.info('server'))?.[1]?.trim() ?? 'unknown';
  return {
    entries,
    bytesPerEntry: BYTES_PER_ENTRY,
    rounds,
    node: process.version,
    redis: version,
    persistence: 'none',
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
  };
}

interface Surroundings {
  readonly redisUrl: string;
  readonly sinkUrl: string;
  readonly entries: number;
  readonly admin: Redis;
}

/** Every run is a process of its own, on a group (or, for the shipper, a stream) of its own. */
async function run(name: string, { redisUrl, sinkUrl, entries, admin }: Surroundings): Promise<Measurement> {
  for (const group of ['bench', 'noc_team']) await admin.xgroup('DESTROY', STREAM, group);
  const child = startChild(`runs/${name}.ts`, {
    REDIS_URL: redisUrl,
    ELASTICSEARCH_URL: sinkUrl,
    SIEM_URL: sinkUrl,
    BENCH_STREAM: STREAM,
    BENCH_ENTRIES: String(entries),
  });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`The run of ${name} ended with exit code ${code}; its error stands above.`);
  return JSON.parse(output) as Measurement;
}

function startChild(file: string, environment: Record<string, string>): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    env: { ...process.env, ...environment },
    execArgv: ['--max-semi-space-size=8'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
}

function perCpuSecond({ entries, cpuMs }: Measurement): string {
  return Math.round((entries / cpuMs) * 1_000).toLocaleString('en');
}

function printTable(figures: readonly Figure[]): void {
  console.log(
    `${'figure'.padEnd(20)}${'per second'.padStart(12)}${'per CPU-s'.padStart(12)}${'of bare'.padStart(9)}${'peak RSS'.padStart(10)}`,
  );
  for (const { name, ...figure } of figures) {
    const columns = [
      figure.perSecond.toLocaleString('en').padStart(12),
      figure.perCpuSecond.toLocaleString('en').padStart(12),
      `${(figure.ofBareLoop * 100).toFixed(1)} %`.padStart(9),
      `${figure.peakRssMb} MB`.padStart(10),
    ];
    console.log(`${name.padEnd(20)}${columns.join('')}`);
  }
}
