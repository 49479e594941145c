import type { ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess, type RedisFixture, startRedis, until } from '@distributary/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endShipperChildren, startShipperChild } from './shipper-child.ts';
import { House, type ShippedEntry } from './test-shipper.ts';

const KILLS = 10;
/** What one read takes from a pipe at most. */
const READ_BYTES = 64 * 1024;

let redis: RedisFixture;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

afterEach(endShipperChildren);

function start(house: House, confirm: string[] = []): Promise<ChildProcess> {
  return startShipperChild(redis.url, house, confirm);
}

/** Writes numbered lines, several at once and no whole number of them, until told to stop. */
class Writer {
  written = 0;
  #isStopped = false;
  readonly #writing: Promise<void>;

  constructor(pipe: string) {
    this.#writing = this.#write(pipe);
  }

  async stop(): Promise<number> {
    this.#isStopped = true;
    await this.#writing;
    return this.written;
  }

  async #write(path: string): Promise<void> {
    // As rsyslog does: for reading too, so that what is in the pipe outlives its readers.
    await using pipe = await open(path, 'r+');
    let rest = '';
    while (!this.#isStopped) {
      for (let i = 0; i < 40; i++) rest += lineOf(this.written++);
      const cut = rest.length - 57;
      await pipe.writeFile(rest.slice(0, cut));
      rest = rest.slice(cut);
      await sleep(1);
    }
    await pipe.writeFile(rest);
  }
}

function lineOf(number: number): string {
  return `<134>fw1 line ${number} ${'x'.repeat(number % 150)} end ${number}\n`;
}

function numberOf({ line }: ShippedEntry): number {
  const number = Number(/^<134>fw1 line (\d+) /.exec(String(line))?.[1]);
  return `${line}\n` === lineOf(number) ? number : Number.NaN;
}

describe('a shipper on a pipe that is killed ten times while a writer writes', () => {
  it('at any turn of its event loop loses no line, tears none, and stores none twice', async () => {
    await using house = await House.at(redis.url);
    let child = await start(house);
    const writer = new Writer(house.pipe);
    for (let kills = 0; kills < KILLS; kills++) {
      await sleep(20 + Math.random() * 100);
      await endProcess(child, () => child.send('die'));
      child = await start(house);
    }
    const written = await writer.stop();
    await house.untilStored(written);
    await endProcess(child, 'SIGTERM');
    const entries = await house.entries();
    expect(new Set(entries.map(({ eid }) => eid)).size).toBe(entries.length);
    expect(entries.map(numberOf)).toEqual(Array.from({ length: written }, (_, number) => number));
  });

  it('at any instant loses at most the one read that it had in hand, and stores none twice', async () => {
    await using house = await House.at(redis.url);
    let child = await start(house);
    const writer = new Writer(house.pipe);
    for (let kills = 0; kills < KILLS; kills++) {
      await sleep(20 + Math.random() * 100);
      await endProcess(child, 'SIGKILL');
      child = await start(house);
    }
    const written = await writer.stop();
    const last = lineOf(written - 1).trimEnd();
    await until(async () => (await house.lines()).at(-1) === last);
    await endProcess(child, 'SIGTERM');
    const entries = await house.entries();
    expect(new Set(entries.map(({ eid }) => eid)).size).toBe(entries.length);
    const numbers = entries.map(numberOf).filter((number) => !Number.isNaN(number));
    expect(new Set(numbers).size).toBe(numbers.length);
    const lost = written - numbers.length;
    expect(lost * lineOf(0).length).toBeLessThanOrEqual(KILLS * READ_BYTES);
    expect(entries.length - numbers.length).toBeLessThanOrEqual(KILLS);
  });
});

describe('a shipper that confirms, killed ten times at any instant', () => {
  it('loses no line, for its writer sends again what was not confirmed', async () => {
    await using house = await House.at(redis.url);
    let confirmed = 0;
    for (let kills = 0; kills <= KILLS; kills++) {
      const child = await start(house, ['messages']);
      const isLast = kills === KILLS;
      const goal = confirmed + 100;
      let answers = '';
      let killed: Promise<unknown> | undefined;
      child.stdout?.on('data', (bytes: Buffer) => {
        answers += bytes.toString().replaceAll('.', '');
        for (; answers.startsWith('OK\n'); answers = answers.slice(3)) {
          confirmed++;
          if (isLast ? confirmed < goal : true) child.stdin?.write(lineOf(confirmed));
        }
      });
      // The first OK says that the shipper is ready, and confirms no line.
      confirmed--;
      if (!isLast) killed = sleep(20 + Math.random() * 60).then(() => endProcess(child, 'SIGKILL'));
      else killed = until(() => confirmed >= goal).then(() => endProcess(child, 'SIGTERM'));
      await killed;
    }
    const entries = await house.entries();
    expect(new Set(entries.map(({ eid }) => eid)).size).toBe(entries.length);
    const numbers = entries.map(numberOf);
    expect(new Set(numbers)).toEqual(new Set(Array.from({ length: Math.max(...numbers) + 1 }, (_, n) => n)));
    expect(Math.max(...numbers)).toBeGreaterThanOrEqual(confirmed - 1);
    expect(numbers.length - new Set(numbers).size).toBeLessThanOrEqual(KILLS);
  });
});
