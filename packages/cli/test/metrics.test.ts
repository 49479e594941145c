import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { RedisConnection } from '@distributary/core';
import { freePort, type StartedProcess, startRedis, temporaryFolder, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { FILE_TEAM, start } from './distributary.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The team, running on a Redis and a file of its own, with its first metrics port. */
class Fixture implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly admin: RedisConnection;
  readonly running: StartedProcess;
  readonly port: number;

  private constructor(stack: AsyncDisposableStack, admin: RedisConnection, running: StartedProcess, port: number) {
    this.#stack = stack;
    this.admin = admin;
    this.running = running;
    this.port = port;
  }

  static async start(port: number, ...args: string[]): Promise<Fixture> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await startRedis());
    const folder = stack.use(await temporaryFolder());
    const admin = new RedisConnection({ url: redis.url }, 'test');
    stack.defer(() => admin.close());
    const environment = {
      REDIS_URL: redis.url,
      FILE_TEAM_OUTPUT: join(folder.path, 'lines'),
      DISTRIBUTARY_CONSUMER: 'host',
    };
    const running = start(['run', FILE_TEAM, '--metrics-port', String(port), ...args], environment);
    stack.defer(async () => {
      running.process.kill('SIGTERM');
      await running.end('SIGINT');
    });
    return new Fixture(stack.move(), admin, running, port);
  }

  get(path: string, options: { method?: string; host?: string; port?: number } = {}): Promise<Answer> {
    const { method = 'GET', host = '127.0.0.1', port = this.port } = options;
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method, headers: { host } }, async (response) => {
        let body = '';
        for await (const chunk of response.setEncoding('utf8')) body += chunk;
        resolve({ status: response.statusCode ?? 0, body });
      });
      sent.on('error', reject).end();
    });
  }

  ready(port: number = this.port): Promise<Answer> {
    return until(async () => {
      const answer = await this.get('/ready', { port });
      return answer.status === 200 && answer;
    });
  }

  async add(line: string): Promise<void> {
    await this.admin.call('XADD', 'cli_stream', '*', 'line', line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

it('shows each metric with its stream, group and consumer, to those who ask for it by its own name', async () => {
  await using team = await Fixture.start(await freePort(), '--stuck-after', '1', '--drain-timeout', '1');
  expect(JSON.parse((await team.ready()).body)).toEqual({ ready: true, reasons: [] });
  await team.add('one');
  const text = await until(async () => {
    const { body } = await team.get('/metrics');
    return /^distributary_delivered_total\{.*\} 1$/m.test(body) && body;
  });
  const labels = '{stream="cli_stream",group="file_team",consumer="host-1"}';
  for (const name of ['retried_total', 'rejected_total', 'dead_lettered_total', 'lost_total', 'duplicates_total']) {
    expect(text).toContain(`distributary_${name}${labels} 0`);
  }
  for (const name of ['batch_entries', 'delivery_seconds', 'entry_age_seconds']) {
    expect(text).toContain(`distributary_${name}_count${labels} 1`);
  }
  for (const name of ['lag_entries', 'lag_seconds', 'dead_letters', 'held']) {
    expect(text).toContain(`distributary_${name}${labels} 0`);
  }
  for (const name of ['pending_entries', 'oldest_pending_seconds', 'in_hand_bytes', 'in_hand_entries']) {
    expect(text).toMatch(new RegExp(`^distributary_${name}\\{.*\\} \\d`, 'm'));
  }
  expect(text).toMatch(/^process_cpu_seconds_total\{/m);
  expect(text).not.toContain('redis://');

  expect((await team.get('/metrics', { host: 'evil.example' })).status).toBe(403);
  expect((await team.get('/metrics', { host: `localhost:${team.port}` })).status).toBe(200);
  for (const method of ['POST', 'HEAD', 'OPTIONS']) expect((await team.get('/metrics', { method })).status).toBe(405);
  expect((await team.get('/')).status).toBe(404);

  // Not live once entries have waited and nothing moved.
  expect((await team.get('/live')).status).toBe(200);
  await team.add('slow one');
  const { body } = await until(async () => {
    const answer = await team.get('/live');
    return answer.status === 503 && answer;
  });
  expect(JSON.parse(body)).toMatchObject({ live: false, inHand: { entries: 1 } });
  expect(body).toContain('nothing moved');
  expect((await team.get('/ready')).status).toBe(200);
});

it('gives the next port to the next process, and steps over one that is taken', async () => {
  const port = await freePort();
  const squatter = createServer().listen(port, '127.0.0.1');
  await once(squatter, 'listening');
  await using team = await Fixture.start(port, '--replicas', '2');
  const ports = await until(() => {
    const told = team.running.log().filter(({ msg }) => String(msg).startsWith('metrics and health'));
    return told.length === 2 && told.map(({ port: heard }) => Number(heard));
  });
  squatter.close();
  expect(ports).not.toContain(port);
  expect(new Set(ports).size).toBe(2);
  for (const taken of ports) await team.ready(taken);
});
