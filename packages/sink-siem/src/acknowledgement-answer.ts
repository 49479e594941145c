import { type SinkHoldError, SinkUnavailableError } from '@distributary/core';
import type { Answer } from './answer.ts';
import { judgeHecAnswer, parseObject } from './hec-answer.ts';
import { HEC_CODES } from './hec-codes.ts';
import { answered } from './http-status.ts';

/** What the collector said when it was asked which requests it has stored. */
export type AcknowledgementAnswer =
  | { readonly kind: 'stored'; readonly ackIds: readonly number[] }
  /** Ask again. */
  | { readonly kind: 'busy' }
  /** The channel is not known any more: what was asked for will never be confirmed. */
  | { readonly kind: 'channelLost'; readonly error: SinkUnavailableError }
  /** Asking is in vain until this passes or somebody acts. */
  | { readonly kind: 'unusable'; readonly error: SinkUnavailableError | SinkHoldError };

const CHANNEL_CODES: ReadonlySet<unknown> = new Set([10, 11]);

export function readAcknowledgementAnswer(answer: Answer): AcknowledgementAnswer {
  const reply = parseObject(answer.text);
  const acks = reply?.['acks'];
  const code = reply?.['code'];
  if (answer.status === 200 && typeof acks === 'object' && acks !== null) {
    return {
      kind: 'stored',
      ackIds: Object.entries(acks).flatMap(([id, stored]) => (stored === true ? [Number(id)] : [])),
    };
  }
  if (CHANNEL_CODES.has(code)) return { kind: 'channelLost', error: lost(answer) };
  const passing = typeof code === 'number' && HEC_CODES.get(code)?.action === 'again';
  if (passing || answer.status === 408 || answer.status === 429 || answer.status >= 500) return { kind: 'busy' };
  const denied = answer.status === 401 || answer.status === 403 || HEC_CODES.get(Number(code))?.action === 'hold';
  const judgement = denied ? judgeHecAnswer(answer) : undefined;
  return { kind: 'unusable', error: judgement?.outcome === 'trouble' ? judgement.error : lost(answer) };
}

function lost(answer: Answer): SinkUnavailableError {
  return new SinkUnavailableError(
    `Asked for acknowledgements: ${answered(answer)}. Nothing counts as delivered; check that SIEM_URL leads to a ` +
      'collector with indexer acknowledgement, or unset SIEM_ACK.',
  );
}
