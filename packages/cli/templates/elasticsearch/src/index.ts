export { audit } from './audit.ts';
export { type Config, readConfig, type Settings } from './config.ts';
export { SampleConsumer as default } from './consumer.ts';
export { toDocument } from './mapping.ts';
export { preview } from './preview.ts';
