import type { Answer, Judgement } from './answer.ts';
import { HEC_CODES } from './hec-codes.ts';
import { again, answered, hold, judgeStatus } from './http-status.ts';

/** The members of a collector's answer that count. */
interface HecReply {
  readonly code: number;
  readonly ackId: number | undefined;
  readonly eventNumber: number | undefined;
}

/** Judges the answer to a request of events in the HEC dialect. Only code 0 beside a 2xx status is `accepted`. */
export function judgeHecAnswer(answer: Answer): Judgement {
  if (answer.status === 413) return { outcome: 'tooLarge' };
  const reply = parseReply(answer.text);
  if (reply === undefined) return judgeStatus(answer);
  const succeeded = answer.status >= 200 && answer.status < 300;
  if (reply.code === 0) return succeeded ? accepted(reply.ackId) : judgeStatus(answer);
  const meaning = HEC_CODES.get(reply.code);
  if (meaning?.action === 'hold') return hold(answer, meaning.remedy);
  // A status and a code that contradict each other prove nothing about the events.
  if (succeeded) return again(answer, 'A code other than 0 confirms nothing, so the batch is sent again.');
  if (meaning?.action === 'again' || answer.status >= 500) return interruptedOrAgain(answer, reply.eventNumber);
  if (meaning?.action === 'refused' && answer.status === 400) {
    return { outcome: 'refused', reason: answered(answer), eventNumber: reply.eventNumber };
  }
  return judgeStatus(answer);
}

function accepted(ackId: number | undefined): Judgement {
  return ackId === undefined ? { outcome: 'accepted' } : { outcome: 'accepted', ackId };
}

function interruptedOrAgain(answer: Answer, eventNumber: number | undefined): Judgement {
  const trouble = again(answer, 'The batch is sent again.');
  return eventNumber === undefined ? trouble : { outcome: 'interrupted', error: trouble.error, eventNumber };
}

function parseReply(text: string): HecReply | undefined {
  const reply = parseObject(text);
  const code = reply?.['code'];
  if (reply === undefined || typeof code !== 'number') return undefined;
  return { code, ackId: naturalNumber(reply['ackId']), eventNumber: naturalNumber(reply['invalid-event-number']) };
}

/** The JSON object in `text`, if it is one. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function naturalNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
