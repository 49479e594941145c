export { describeWithRedisProcess } from './describe-with-redis-process.ts';
export { freePort } from './free-port.ts';
export { type RedisCapability, type RedisKind, redisCapability } from './redis-capability.ts';
export { type RedisFixture, type StartRedisOptions, startRedis } from './start-redis.ts';
export { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';
export { type UntilOptions, until } from './until.ts';
