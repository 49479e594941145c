export type { CollectorStandInOptions } from './collector-stand-in.ts';
export { type DescribeSinkOptions, describeSink, type SinkUnderTest, type StoredEntry } from './describe-sink.ts';
export { describeWithRedisProcess } from './describe-with-redis-process.ts';
export { dockerAnswers } from './docker.ts';
export type { StoredDocument } from './document-store.ts';
export type { ElasticsearchAuth } from './elasticsearch-documents.ts';
export type { ElasticsearchStandInOptions } from './elasticsearch-stand-in.ts';
export { endProcess } from './end-process.ts';
export type { Fault, Faults } from './faults.ts';
export { freePort } from './free-port.ts';
export { type RedisCapability, type RedisKind, redisCapability } from './redis-capability.ts';
export type { RedisFixture } from './redis-fixture.ts';
export { type ReceivedRequest, type Script, type ScriptedAnswer, ScriptedServer } from './scripted-server.ts';
export type { StandInCounts } from './stand-in-server.ts';
export { type CollectorFixture, type StartCollectorOptions, startCollector } from './start-collector.ts';
export {
  type ElasticsearchFixture,
  type StartElasticsearchOptions,
  startElasticsearch,
} from './start-elasticsearch.ts';
export { type Ending, type StartedProcess, type StartProcessOptions, startProcess } from './start-process.ts';
export { type StartRedisOptions, startRedis } from './start-redis.ts';
export { type ProxyMode, TcpProxy } from './tcp-proxy.ts';
export { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';
export { type UntilOptions, until } from './until.ts';
