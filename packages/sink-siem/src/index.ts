export { type SiemEnvironment, siemFromEnvironment } from './siem-environment.ts';
export { SiemSink } from './siem-sink.ts';
export type { AcknowledgementOptions, SiemSinkOptions, TlsOptions } from './siem-sink-options.ts';
