import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT, run } from './distributary.ts';

const DEPLOY = join(ROOT, 'packages/cli/deploy');

/** Where each process answers for its health. */
const HEALTH_PORT = 'DISTRIBUTARY_METRICS_PORT';

/** After which a process that has not drained is killed by its supervisor, in seconds. */
const KILL_AFTER_DRAIN = 2;

interface Probe {
  readonly exec: { readonly command: readonly string[] };
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly: boolean }[];
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly securityContext: object;
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // biome-ignore lint/suspicious/noExplicitAny: its shape depends on the kind
  readonly spec: any;
}

async function manifests(): Promise<Manifest[]> {
  const folder = join(DEPLOY, 'kubernetes');
  const texts = (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8'));
  return (await Promise.all(texts)).flatMap((text) =>
    parseAllDocuments(text).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Manifest;
    }),
  );
}

async function deployments(): Promise<(Manifest & { readonly container: Container })[]> {
  const all = (await manifests()).filter(({ kind }) => kind === 'Deployment');
  return all.map((manifest) => ({ ...manifest, container: manifest.spec.template.spec.containers[0] as Container }));
}

async function units(): Promise<{ readonly name: string; readonly text: string }[]> {
  const folder = join(DEPLOY, 'systemd');
  const names = await readdir(folder);
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })));
}

function setting(text: string, name: string): string {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
}

const helps = new Map<string, Promise<{ code: number | null; stdout: string }>>();

function helpOf(command: string): Promise<{ code: number | null; stdout: string }> {
  const help = helps.get(command) ?? run([command, '--help']);
  helps.set(command, help);
  return help;
}

/** Throws unless the command, its options and the packages that it is given exist. */
async function checkCall([command = '', ...rest]: readonly string[]): Promise<void> {
  const { code, stdout } = await helpOf(command);
  expect(code, command).toBe(0);
  for (const word of rest.filter((one) => one.startsWith('--'))) expect(stdout).toContain(`${word} `);
  for (const folder of rest.filter((one) => one.startsWith('consumers/') && !one.includes('%'))) {
    expect(JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'))).toHaveProperty('distributary');
  }
}

function drainSeconds(args: readonly string[]): number {
  return Number(args[args.indexOf('--drain-timeout') + 1]);
}

/** Every variable that the packages' sources read; of a secret also the one with the file's name. */
async function variables(): Promise<Set<string>> {
  const folders = ['core', 'cli', 'sink-elasticsearch', 'sink-siem', 'shipper'].map((name) => `packages/${name}/src`);
  const known = new Set([HEALTH_PORT, 'NODE_ENV']);
  for (const folder of [...folders, 'consumers/noc/src', 'consumers/security/src']) {
    for (const file of await readdir(join(ROOT, folder), { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      const text = await readFile(join(ROOT, folder, file), 'utf8');
      for (const [, name = ''] of text.matchAll(/environment(?:\[|, )'([A-Z_]+)'/g))
        known.add(name).add(`${name}_FILE`);
    }
  }
  return known;
}

describe('the manifests for Kubernetes', () => {
  it('call commands, options and packages that exist, with variables that are read', async () => {
    const known = await variables();
    for (const { container } of await deployments()) {
      await checkCall(container.args);
      for (const { name } of container.env) expect([...known]).toContain(name);
    }
  });

  it('leave a pod the time to drain', async () => {
    for (const { spec, container } of await deployments()) {
      const grace = spec.template.spec.terminationGracePeriodSeconds;
      if (container.args[0] === 'run') expect(grace).toBeGreaterThan(drainSeconds(container.args) + KILL_AFTER_DRAIN);
    }
  });

  it('give each consumer the name of its pod, and ask it for its health on its own loopback', async () => {
    const consumers = (await deployments()).filter(({ container }) => container.args[0] === 'run');
    expect(consumers).toHaveLength(2);
    for (const { container } of consumers) {
      expect(container.env).toContainEqual({
        name: 'DISTRIBUTARY_CONSUMER',
        valueFrom: { fieldRef: { fieldPath: 'metadata.name' } },
      });
      const port = container.env.find(({ name }) => name === HEALTH_PORT)?.value;
      const asks = (probe?: Probe) => probe?.exec.command.join(' ');
      expect(asks(container.startupProbe)).toContain(`http://127.0.0.1:${port}/live`);
      expect(asks(container.livenessProbe)).toContain(`http://127.0.0.1:${port}/live`);
      expect(asks(container.readinessProbe)).toContain(`http://127.0.0.1:${port}/ready`);
    }
  });

  it('read secrets from files that a Secret brings, and let a container do nothing beside its work', async () => {
    for (const { metadata, spec, container } of await deployments()) {
      const { volumes, securityContext, automountServiceAccountToken } = spec.template.spec;
      const [mount] = container.volumeMounts;
      expect(volumes).toEqual([{ name: mount?.name, secret: expect.objectContaining({ secretName: metadata.name }) }]);
      const files = container.env.filter(({ name }) => name.endsWith('_FILE'));
      expect(files.length).toBeGreaterThan(0);
      for (const { value } of files) expect(value).toMatch(new RegExp(`^${mount?.mountPath}/[a-z-]+$`));
      expect(container.env.filter(({ name }) => /(PASSWORD|TOKEN|KEY)$/.test(name))).toEqual([]);
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(automountServiceAccountToken).toBe(false);
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources).toMatchObject({
        requests: { memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
    }
  });

  it('select the pods that they mean', async () => {
    const all = await manifests();
    const labels = new Map(
      all
        .filter(({ kind }) => kind === 'Deployment')
        .map(({ metadata, spec }) => [metadata.name, spec.template.metadata.labels]),
    );
    for (const { kind, metadata, spec } of all) {
      if (kind === 'Deployment' || kind === 'PodDisruptionBudget') {
        expect(spec.selector.matchLabels).toEqual(labels.get(metadata.name));
      }
    }
    expect(new Set([...labels.values()].map((one) => JSON.stringify(one))).size).toBe(labels.size);
  });

  it("scale a team's Deployment by the lag of the team's own group", async () => {
    const all = await manifests();
    const scaled = all.find(({ kind }) => kind === 'ScaledObject');
    const authentication = all.find(({ kind }) => kind === 'TriggerAuthentication');
    const [trigger] = scaled?.spec.triggers ?? [];
    const target = (await deployments()).find(({ metadata }) => metadata.name === scaled?.spec.scaleTargetRef.name);
    const manifest = await readFile(join(ROOT, String(target?.container.args[1]), 'package.json'), 'utf8');
    const { stream, group } = JSON.parse(manifest).distributary;
    expect(trigger).toMatchObject({ type: 'redis-streams', metadata: { stream, consumerGroup: group } });
    // KEDA takes every value of a trigger as text, and wants the second with the first.
    expect(trigger.metadata).toMatchObject({ lagCount: expect.any(String), activationLagCount: expect.any(String) });
    expect(trigger.authenticationRef.name).toBe(authentication?.metadata.name);
    expect(authentication?.spec.secretTargetRef.map((one: { parameter: string }) => one.parameter)).toEqual([
      'username',
      'password',
    ]);
    expect(scaled?.spec.minReplicaCount).toBeGreaterThan(0);
  });
});

describe('the units for systemd', () => {
  it('call commands and options that exist, and leave them the time to drain', async () => {
    const all = await units();
    expect(all.map(({ name }) => name).toSorted()).toEqual([
      'distributary-retain.service',
      'distributary-ship.service',
      'distributary@.service',
    ]);
    for (const { name, text } of all) {
      const [program = '', ...args] = setting(text, 'ExecStart').split(' ');
      expect(program, name).toBe(`${setting(text, 'WorkingDirectory')}/node_modules/.bin/distributary`);
      await checkCall(args);
      expect(setting(text, 'KillSignal')).toBe('SIGTERM');
      const stopSeconds = Number.parseInt(setting(text, 'TimeoutStopSec'), 10);
      if (args.includes('--drain-timeout')) expect(stopSeconds).toBeGreaterThan(drainSeconds(args) + KILL_AFTER_DRAIN);
    }
  });

  it('read passwords as credentials, and start nothing again whose environment is wrong', async () => {
    const known = await variables();
    for (const { text } of await units()) {
      const given = [...text.matchAll(/^LoadCredential=([a-z-]+):\/etc\/distributary\//gm)].map(([, id]) => id);
      expect(given).toContain('redis-password');
      expect(setting(text, 'Environment')).toContain('REDIS_PASSWORD_FILE=%d/redis-password');
      for (const word of setting(text, 'Environment').split(' ')) expect([...known]).toContain(word.split('=')[0]);
      expect(setting(text, 'Restart')).toBe('on-failure');
      expect(setting(text, 'RestartPreventExitStatus')).toBe('2');
    }
  });
});

describe("the teams' Dockerfiles", () => {
  it.each(['noc', 'security'])(
    'run the package that they lie in, and ask the port that they set for its health: %s',
    async (team) => {
      const text = await readFile(join(ROOT, 'consumers', team, 'Dockerfile'), 'utf8');
      const [, command = ''] = /^CMD (\[.*\])$/m.exec(text) ?? [];
      const args = JSON.parse(command) as string[];
      expect(args).toEqual(['run', `consumers/${team}`]);
      await checkCall(args);
      const [, port] = new RegExp(`${HEALTH_PORT}=(\\d+)`).exec(text) ?? [];
      expect(text).toMatch(
        new RegExp(
          `^HEALTHCHECK [^\\n]*\\\\\\n  CMD \\["node", "-e", "fetch\\('http://127.0.0.1:${port}/live'\\)`,
          'm',
        ),
      );
    },
  );
});

interface Service {
  readonly build?: { readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly stop_grace_period?: string;
  readonly healthcheck?: { readonly disable?: boolean };
}

describe('the Compose file', () => {
  it('leaves consumers the time to drain, and asks only them for their health', async () => {
    const text = await readFile(join(ROOT, 'docker-compose.yml'), 'utf8');
    const services: Service[] = Object.values(parseAllDocuments(text)[0]?.toJS().services);
    const { stdout } = await helpOf('run');
    const drain = Number(/drain-timeout[^(]*\(default: (\d+)\)/s.exec(stdout)?.[1]);
    const own = services.filter(({ build }) => build?.dockerfile.startsWith('consumers/'));
    const consumers = own.filter(({ command }) => command === undefined);
    expect(consumers).toHaveLength(2);
    for (const { stop_grace_period: grace = '' } of consumers) {
      expect(Number.parseInt(grace, 10)).toBeGreaterThan(drain + KILL_AFTER_DRAIN);
    }
    for (const service of own) {
      expect(service.healthcheck).toEqual(consumers.includes(service) ? undefined : { disable: true });
      if (service.command) await checkCall(service.command);
    }
  });
});
