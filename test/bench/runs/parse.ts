import { asa106023Line, toEcsJson } from '@distributary/syslog';
import { printMeasurement } from '../report.ts';
import { runSettings } from './run-settings.ts';

/** RFC 3164 headers and ASA messages to ECS, as text: what a mapping does to every line. */
const { entries } = runSettings;
const startedAt = performance.now();
let length = 0;
for (let n = 0; n < entries; n++) length += toEcsJson(asa106023Line(n), { receivedAt: startedAt }).length;
if (length < entries) throw new Error('nothing was parsed');
printMeasurement(entries, startedAt);
