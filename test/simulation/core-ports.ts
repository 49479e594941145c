export type { Checkpoint } from '@distributary/core';

import type { StreamConsumer } from '@distributary/core';
import type { StreamEntry } from './stream-entry.ts';

/** What a consumer has of its Redis. It is no part of the public API but for the constructor that takes it. */
export type ConsumerRedis = NonNullable<ConstructorParameters<typeof StreamConsumer<StreamEntry>>[2]>;

export type Group = ConsumerRedis['group'];
/** What the server answers of a page; when that was is the client's to know. */
export type Page = Omit<Awaited<ReturnType<Group['readNew']>>, 'epoch'>;
export type OwnPage = Omit<Awaited<ReturnType<Group['readOwn']>>, 'epoch'>;
export type ClaimedPage = Omit<Awaited<ReturnType<Group['claimIdle']>>, 'epoch'>;
export type UnreadLoss = NonNullable<Awaited<ReturnType<Group['unreadLoss']>>>;
export type HandedBack = Awaited<ReturnType<Group['handBack']>>;
export type DeadLetter = Parameters<Group['setAside']>[0][number];
export type Survey = NonNullable<Awaited<ReturnType<Group['survey']>>>;
export type CheckpointStore = ConsumerRedis['checkpoints']['beside'];

/** As a client has it. */
export type InEpoch<Reply> = Reply & { readonly epoch: string };
export type SameEntries = Parameters<Group['setAside']>[1];
