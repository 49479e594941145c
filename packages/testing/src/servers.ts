/** The servers alone, for programs that are no tests: `@distributary/testing/servers` loads no Vitest. */
export { redisCapability } from './redis-capability.ts';
export type { RedisFixture } from './redis-fixture.ts';
export { type CollectorFixture, startCollector } from './start-collector.ts';
export { type ElasticsearchFixture, startElasticsearch } from './start-elasticsearch.ts';
export { startRedis } from './start-redis.ts';
