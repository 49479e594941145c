export { readConfig, type SecurityConfig } from './config.ts';
export { toEvent } from './mapping.ts';
export { preview } from './preview.ts';
export { SecurityConsumer, SecurityConsumer as default } from './security-consumer.ts';
