export { type JsonLine, jsonLine } from './json-line.ts';
export { type SiemEnvironment, siemFromEnvironment } from './siem-environment.ts';
export { SiemSink } from './siem-sink.ts';
export type { AcknowledgementOptions, RefusalLimit, SiemSinkOptions, TlsOptions } from './siem-sink-options.ts';
