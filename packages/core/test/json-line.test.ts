import { jsonLine, jsonText, PayloadError } from '@distributary/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());

describe('a JSON line', () => {
  it('may be any object that JSON.stringify wrote', () => {
    fc.assert(
      fc.property(object, (value) => {
        const text = JSON.stringify(value);
        expect(jsonLine(text)).toBe(text);
        expect(JSON.parse(jsonText(value))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('may hold any value that was quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(jsonLine(`{"line":${JSON.stringify(value)}}`)).toContain('line');
      }),
    );
  });

  it.each([
    ['', /begin with {/],
    ['[]', /begin with {/],
    ['null', /begin with {/],
    [' {}', /begin with {/],
    ['{}\n', /end with }/],
    ['{"a":\n1}', /a line break/],
    ['{"a":"\r"}', /a line break/],
  ])('is not %j', (text, message) => {
    expect(() => jsonLine(text)).toThrow(PayloadError);
    expect(() => jsonLine(text)).toThrow(message);
  });
});

describe('what a mapping returned', () => {
  it.each([
    [[], /neither an object/],
    [null, /neither an object/],
    [7, /neither an object/],
    [{ toJSON: () => 7 }, /Mend its toJSON/],
    [{ toJSON: () => undefined }, /Mend its toJSON/],
    ['{}\n{}', /a line break/],
    ['plain', /begin with {/],
  ])('is refused, with what to mend, when it is %o', (mapped, message) => {
    expect(() => jsonText(mapped as object)).toThrow(PayloadError);
    expect(() => jsonText(mapped as object)).toThrow(message);
  });
});
