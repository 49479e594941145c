import {
  asError,
  explainReply,
  type RedisArgument,
  type RedisConnection,
  RedisUnavailableError,
} from '@distributary/core';

/** Runs a command; an error says what was asked, and what to do. */
export async function asking<Reply>(about: string, ask: () => Promise<Reply>): Promise<Reply> {
  try {
    return await ask();
  } catch (thrown) {
    throw explainReply(thrown, about);
  }
}

/** The same of a queue, whose client has errors of its own when Redis does not answer. @throws RedisUnavailableError */
export async function askingQueue<Reply>(about: string, ask: () => Promise<Reply>): Promise<Reply> {
  try {
    return await asking(about, ask);
  } catch (thrown) {
    const reason = asError(thrown);
    if (reason instanceof RedisUnavailableError) throw reason;
    throw new RedisUnavailableError(`${about}: ${reason.message}`, { cause: reason });
  }
}

/** Runs commands as one transaction, and throws when one of them failed in it; then nothing is known of the others. */
export async function transacting(
  connection: RedisConnection,
  about: string,
  commands: readonly (readonly [string, ...RedisArgument[]])[],
): Promise<unknown[]> {
  return asking(about, async () => {
    const replies = await connection.transaction(commands);
    const failed = replies.find((reply) => reply instanceof Error);
    if (failed) throw failed;
    return replies;
  });
}
