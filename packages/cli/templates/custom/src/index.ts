export { type Config, readConfig, type Settings } from './config.ts';
export { SampleConsumer as default } from './consumer.ts';
export { FileSink, type FileSinkOptions } from './file-sink.ts';
export { toDocument } from './mapping.ts';
export { preview } from './preview.ts';
