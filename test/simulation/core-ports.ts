export type { Checkpoint } from '@distributary/core';

import type { StreamConsumer } from '@distributary/core';
import type { StreamEntry } from './stream-entry.ts';

/** What a consumer has of its Redis. It is no part of the public API but for the constructor that takes it. */
export type ConsumerRedis = NonNullable<ConstructorParameters<typeof StreamConsumer<StreamEntry>>[2]>;

export type Group = ConsumerRedis['group'];
export type Page = Awaited<ReturnType<Group['readNew']>>;
export type OwnPage = Awaited<ReturnType<Group['readOwn']>>;
export type ClaimedPage = Awaited<ReturnType<Group['claimIdle']>>;
export type UnreadLoss = NonNullable<Awaited<ReturnType<Group['unreadLoss']>>>;
export type HandedBack = Awaited<ReturnType<Group['handBack']>>;
export type DeadLetter = Parameters<Group['setAside']>[0][number];
export type Survey = NonNullable<Awaited<ReturnType<Group['survey']>>>;
export type CheckpointStore = ConsumerRedis['checkpoints']['beside'];
