export { audit } from './audit.ts';
export { type NocConfig, readConfig } from './config.ts';
export { toDocument } from './mapping.ts';
export { NocConsumer, NocConsumer as default } from './noc-consumer.ts';
export { preview } from './preview.ts';
