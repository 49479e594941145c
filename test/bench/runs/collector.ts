import { jsonLine, Secret } from '@distributary/core';
import { SiemSink } from '@distributary/sink-siem';
import { drainInto } from './drain.ts';
import { required } from './run-settings.ts';

/** The collector sink under a plain mapping, against an endpoint that only answers. */
const sink = new SiemSink({
  url: required('SIEM_URL'),
  token: new Secret('bench-token'),
  event: (line: string) => jsonLine(`{"original":${JSON.stringify(line)}}`),
});
await drainInto(sink);
