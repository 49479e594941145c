/** One thing that was looked at. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'problem';
  /** Such as `lag` or `sink`. */
  readonly check: string;
  readonly says: string;
  /** What to do, as an imperative; null when there is nothing to do. */
  readonly remedy: string | null;
}

export function ok(check: string, says: string): Finding {
  return { level: 'ok', check, says, remedy: null };
}

/** It works, and will hurt some day. */
export function warning(check: string, says: string, remedy: string): Finding {
  return { level: 'warning', check, says, remedy };
}

/** It does not work, loses entries or breaks what the team declares. */
export function problem(check: string, says: string, remedy: string): Finding {
  return { level: 'problem', check, says, remedy };
}

/** What Redis answered, or undefined where this user may not ask or the server does not know the command. */
export async function answered<Reply>(asked: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if ((thrown as Error).name === 'ReplyError') return undefined;
    throw thrown;
  }
}
