import { openSync, writeSync } from 'node:fs';
import { asa106023Line } from '@distributary/syslog';

/** Writes that many firewall lines into a named pipe as fast as it takes them: `node pipe-writer.ts <pipe> <lines>`. */
const [path = '', count = '0'] = process.argv.slice(2);
const LINES_PER_WRITE = 320;
const pipe = openSync(path, 'w');
for (let n = 0; n < Number(count); ) {
  let text = '';
  for (const end = Math.min(n + LINES_PER_WRITE, Number(count)); n < end; n++) text += `${asa106023Line(n)}\n`;
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(pipe, bytes, at);
}
