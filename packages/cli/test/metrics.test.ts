import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { freePort, until } from '@distributary/testing';
import { expect, it } from 'vitest';
import { RunningTeam } from './running-team.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Question {
  readonly port: number;
  readonly method?: string;
  readonly host?: string;
}

function get(path: string, { port, method = 'GET', host = '127.0.0.1' }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers: { host } }, async (response) => {
      let body = '';
      for await (const chunk of response.setEncoding('utf8')) body += chunk;
      resolve({ status: response.statusCode ?? 0, body });
    });
    sent.on('error', reject).end();
  });
}

function ready(port: number): Promise<Answer> {
  return until(async () => {
    const answer = await get('/ready', { port });
    return answer.status === 200 && answer;
  });
}

it('shows each metric with its stream, group and consumer, to those who ask for it by its own name', async () => {
  await using team = await RunningTeam.open({ DISTRIBUTARY_CONSUMER: 'host' });
  const port = await freePort();
  team.launch(['--metrics-port', String(port), '--stuck-after', '1', '--drain-timeout', '1']);
  expect(JSON.parse((await ready(port)).body)).toEqual({ ready: true, reasons: [] });
  await team.add('one');
  const text = await until(async () => {
    const { body } = await get('/metrics', { port });
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

  expect((await get('/metrics', { port, host: 'evil.example' })).status).toBe(403);
  expect((await get('/metrics', { port, host: `localhost:${port}` })).status).toBe(200);
  for (const method of ['POST', 'HEAD', 'OPTIONS']) expect((await get('/metrics', { port, method })).status).toBe(405);
  expect((await get('/', { port })).status).toBe(404);

  // Not live once entries have waited and nothing moved.
  expect((await get('/live', { port })).status).toBe(200);
  await team.add('slow one');
  const { body } = await until(async () => {
    const answer = await get('/live', { port });
    return answer.status === 503 && answer;
  });
  expect(JSON.parse(body)).toMatchObject({ live: false, inHand: { entries: 1 } });
  expect(body).toContain('nothing moved');
  expect((await get('/ready', { port })).status).toBe(200);
});

it('gives the next port to the next process, and steps over one that is taken', async () => {
  const port = await freePort();
  const squatter = createServer().listen(port, '127.0.0.1');
  await once(squatter, 'listening');
  await using team = await RunningTeam.open();
  const running = team.launch(['--metrics-port', String(port), '--replicas', '2']);
  const ports = await until(() => {
    const told = running.log().filter(({ msg }) => String(msg).startsWith('metrics and health'));
    return told.length === 2 && told.map(({ port: heard }) => Number(heard));
  });
  squatter.close();
  expect(ports).not.toContain(port);
  expect(new Set(ports).size).toBe(2);
  for (const taken of ports) await ready(taken);
});
