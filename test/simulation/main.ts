import { runSeed } from './run-seed.ts';

const from = Number(process.argv[2] ?? 1),
  n = Number(process.argv[3] ?? 100);
const t = performance.now();
let events = 0,
  bad = 0,
  vms = 0;
for (let s = from; s < from + n; s++) {
  const r = await runSeed(s, { trace: n === 1 });
  events += r.events;
  vms += r.virtualMs;
  if (n === 1) console.log(r.trace.join('\n'));
  if (r.violation) {
    bad++;
    if (bad < 15) console.log(s, r.violation.split('\n')[0]);
  }
}
console.log({ ms: performance.now() - t, events, bad, vms });
