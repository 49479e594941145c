import {
  delivered,
  deliveredBefore,
  Entry,
  type EntryId,
  rejected,
  retry,
  SinkContractError,
  settle,
} from '@distributary/core';
import { describe, expect, it } from 'vitest';

const batch = (['1-0', '2-0', '3-0'] as EntryId[]).map((id) => ({ id, entry: new Entry(id, []), payload: id }));
const reason = new Error('no');

describe('settle', () => {
  it('gives each entry its own fate', () => {
    const settlement = settle(batch, [delivered('1-0'), retry('2-0', reason), rejected('3-0', reason)]);
    expect(settlement.delivered).toEqual(['1-0']);
    expect(settlement.retried.map(({ item }) => item.id)).toEqual(['2-0']);
    expect(settlement.rejected.map(({ item }) => item.id)).toEqual(['3-0']);
  });

  it('counts those that the destination held before among the delivered ones', () => {
    const settlement = settle(batch, [deliveredBefore('1-0'), delivered('2-0'), deliveredBefore('3-0')]);
    expect(settlement).toMatchObject({ delivered: ['1-0', '2-0', '3-0'], duplicates: 2 });
  });

  it('takes results in any order', () => {
    const settlement = settle(batch, [rejected('3-0', reason), delivered('1-0'), delivered('2-0')]);
    expect(settlement.delivered).toEqual(['1-0', '2-0']);
    expect(settlement.rejected.map(({ item }) => item.payload)).toEqual(['3-0']);
  });

  it.each([
    ['a missing result', [delivered('1-0'), delivered('3-0')], /no result for entry 2-0/],
    [
      'two results',
      [delivered('1-0'), delivered('2-0'), delivered('3-0'), delivered('3-0')],
      /two results for entry 3-0/,
    ],
    [
      'a stranger',
      [delivered('1-0'), delivered('2-0'), delivered('4-0')],
      /no result for entry 3-0; a result for unknown entry 4-0/,
    ],
    ['no list at all', undefined, /undefined instead of a list/],
    [
      'a made-up status',
      [delivered('1-0'), delivered('2-0'), { id: '3-0', status: 'ok' }],
      /entry 3-0 the status "ok"/,
    ],
  ])('refuses %s, naming the entries', (_, results, message) => {
    expect(() => settle(batch, results as never)).toThrow(SinkContractError);
    expect(() => settle(batch, results as never)).toThrow(message);
  });
});
