import type { Answer, Judgement } from './answer.ts';
import { judgeHecAnswer } from './hec-answer.ts';
import { judgePlainAnswer } from './plain-answer.ts';

export type SiemFormat = 'hec' | 'ndjson' | 'json';

/** How a kind of collector wants its requests, and what its answers mean. */
export interface Dialect {
  readonly path: string;
  readonly contentType: string;
  readonly authorization: 'Splunk' | 'Bearer';
  /** What ends each event's text in the buffer; one byte. */
  readonly separator: string;
  /** The request's body, made of events that each end with the separator. */
  body(events: Buffer): Buffer;
  judge(answer: Answer): Judgement;
}

const hec: Dialect = {
  path: '/services/collector/event',
  contentType: 'application/json',
  authorization: 'Splunk',
  separator: '\n',
  body: (events) => events,
  judge: judgeHecAnswer,
};

const ndjson: Dialect = {
  path: '/ndjson',
  contentType: 'application/x-ndjson',
  authorization: 'Bearer',
  separator: '\n',
  body: (events) => events,
  judge: judgePlainAnswer,
};

const json: Dialect = {
  path: '/json',
  contentType: 'application/json',
  authorization: 'Bearer',
  separator: ',',
  body: (events) => Buffer.concat([Buffer.from('['), events.subarray(0, -1), Buffer.from(']')]),
  judge: judgePlainAnswer,
};

export const DIALECTS: Readonly<Record<SiemFormat, Dialect>> = { hec, ndjson, json };
