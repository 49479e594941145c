import { groupKey } from '@distributary/core';

/** BullMQ's own name for the queue of a group: its keys begin with `<prefix>:jobs:`. */
export const QUEUE = 'jobs';

interface OfGroup {
  readonly stream: string;
  readonly group: string;
}

/** Every key of a group's jobs begins with it; they share the stream's hash slot. */
export function jobKey({ stream, group }: OfGroup, suffix: string): string {
  return `${groupKey(stream, group, QUEUE)}:${suffix}`;
}

export function queuePrefix({ stream, group }: OfGroup): string {
  return groupKey(stream, group, QUEUE).slice(0, -QUEUE.length - 1);
}
