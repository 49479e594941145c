import { readFile } from 'node:fs/promises';
import { OptionsError, parseTeamContract } from '@distributary/core';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { TEAM_CONTRACT_SCHEMA } from '../src/team-contract.ts';

const published = JSON.parse(await readFile(new URL('../schema/team-contract.schema.json', import.meta.url), 'utf8'));
const SMALLEST = { stream: 'syslog_stream', group: 'noc_team' };
const WHOLE = {
  ...SMALLEST,
  owner: 'noc@example.com',
  startFrom: 'now',
  retention: { shed: { maxEntries: 1_000 } },
  lagSlo: 60,
  sink: 'elasticsearch',
  mask: [{ find: 'ipv4', replaceBy: 'pseudonym' }, { pattern: 'user = (\\S+)' }],
  deadLetterQuota: 1_000,
};

describe("a team's contract", () => {
  it('needs a stream and a group, and has a default for what everything else depends on', () => {
    expect(parseTeamContract(SMALLEST)).toEqual({
      ...SMALLEST,
      startFrom: 'beginning',
      retention: 'protect',
      sink: 'custom',
      mask: [],
    });
  });

  it('is what was declared, with the defaults of its masks', () => {
    expect(parseTeamContract(WHOLE)).toEqual({
      ...WHOLE,
      mask: [
        { find: 'ipv4', replaceBy: 'pseudonym', text: '***' },
        { pattern: 'user = (\\S+)', replaceBy: 'text', text: '***' },
      ],
    });
  });

  it.each([
    [{ lagSLO: 60 }, 'there is no option "lagSLO" (there are stream, group, owner, startFrom, retention, lagSlo'],
    [{ startFrom: '$' }, 'startFrom must be equal to one of the allowed values (beginning, now), not "$"'],
    [{ lagSlo: '60' }, 'lagSlo must be number, not "60"'],
    [{ lagSlo: 0 }, 'lagSlo must be > 0'],
    [{ sink: 'splunk' }, '(elasticsearch, siem, custom), not "splunk"'],
    [{ deadLetterQuota: 1.5 }, 'deadLetterQuota must be integer'],
    [{ owner: null }, 'owner is null. Leave it out.'],
    [{ mask: [{ find: 'ip' }] }, 'mask.0.find must be equal to one of the allowed values (ipv4, ipv6, mac, email'],
    [{ mask: [{ pattern: null }] }, 'mask.0.pattern is null'],
    [{ group: 'STREAMS' }, 'cannot be the name of a group'],
    [{ stream: undefined }, "must have required property 'stream'"],
    [{ retention: { shed: {} } }, 'retention, which is "protect" or'],
  ])('refuses %j, and says what is allowed', (wrong, says) => {
    expect(() => parseTeamContract({ ...SMALLEST, ...wrong })).toThrow(OptionsError);
    expect(() => parseTeamContract({ ...SMALLEST, ...wrong })).toThrow(says);
  });

  it.each([[null], ['noc_team'], [[]]])('is no %j', (given) => {
    expect(() => parseTeamContract(given)).toThrow('Write it as { "stream"');
  });

  it('is published as the schema that it is parsed by', () => {
    const { $schema, $id, title, ...schema } = published;
    expect(schema).toEqual(asWritten(TEAM_CONTRACT_SCHEMA));
    expect($schema).toBe('http://json-schema.org/draft-07/schema#');
    const validate = new Ajv().compile(published);
    expect(validate(SMALLEST)).toBe(true);
    expect(validate(WHOLE)).toBe(true);
    expect(validate({ ...SMALLEST, lagSLO: 60 })).toBe(false);
  });
});

/**
 * As a package may write it: what has a default may be left out. JSON Schema has no `nullable`; the parser refuses null,
 * too.
 */
function asWritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asWritten);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable: _, ...members } = value as { nullable?: boolean; required?: string[]; properties?: object };
  const properties = Object.entries(members.properties ?? {});
  const optional = new Set(properties.filter(([, schema]) => 'default' in schema).map(([name]) => name));
  const required = members.required?.filter((name) => !optional.has(name));
  const written = { ...members, ...(required ? { required } : {}) };
  return Object.fromEntries(Object.entries(written).map(([name, member]) => [name, asWritten(member)]));
}
