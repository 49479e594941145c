import { asa106023Line, asaLines, parseSyslog, toEcs, toEcsJson } from '@distributary/syslog';

/** Prints lines per second of one core: `node --conditions=@distributary/source bench/parse.ts`. */
const COUNT = 50_000;
const ROUNDS = 16;
const options = { receivedAt: Date.parse('2026-11-23T10:00:30Z') };

const traffic = asaLines({ seed: 1, now: () => options.receivedAt });
const loads = {
  '106023': Array.from({ length: COUNT }, (_, n) => asa106023Line(n)),
  mixed: Array.from({ length: COUNT }, () => traffic.next().value),
};
const work = {
  parseSyslog: (line: string) => parseSyslog(line, options).message.length,
  toEcs: (line: string) => toEcs(line, options).message.length,
  toEcsJson: (line: string) => toEcsJson(line, options, '"distributary":{"entry_id":"1-0"}').length,
};

for (const [load, lines] of Object.entries(loads)) {
  for (const [name, run] of Object.entries(work)) {
    const rates: number[] = [];
    let checksum = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const started = process.cpuUsage();
      for (const line of lines) checksum += run(line);
      const { user, system } = process.cpuUsage(started);
      rates.push(COUNT / ((user + system) / 1e6));
    }
    const median = rates.slice(ROUNDS / 2).sort((a, b) => a - b)[ROUNDS / 4] ?? 0;
    console.log(
      `${load} ${name}: ${Math.round(median)} lines per CPU-second, ${(1e6 / median).toFixed(2)} µs (${checksum})`,
    );
  }
}
