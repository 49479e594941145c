import { settingsFromEnvironment } from '@distributary/core';
import type { JSONSchemaType } from 'ajv';
import { expect, it } from 'vitest';

interface Settings {
  readonly LAB_FOLDER: string;
  readonly LAB_MAX_LINES: number;
  readonly LAB_MODE: 'all' | 'denied';
}

const schema: JSONSchemaType<Settings> = {
  type: 'object',
  additionalProperties: false,
  required: ['LAB_FOLDER', 'LAB_MAX_LINES', 'LAB_MODE'],
  properties: {
    LAB_FOLDER: { type: 'string' },
    LAB_MAX_LINES: { type: 'integer', minimum: 1, default: 500 },
    LAB_MODE: { type: 'string', enum: ['all', 'denied'], default: 'all' },
  },
};

it('reads each setting from the variable of its name, and nothing else', () => {
  expect(settingsFromEnvironment(schema, { PATH: '/bin', LAB_FOLDER: '/lab', LAB_MAX_LINES: '20' })).toEqual({
    LAB_FOLDER: '/lab',
    LAB_MAX_LINES: 20,
    LAB_MODE: 'all',
  });
});

it('takes a variable that is set to nothing for one that is not set', () => {
  expect(settingsFromEnvironment(schema, { LAB_FOLDER: '/lab', LAB_MODE: '' }).LAB_MODE).toBe('all');
  expect(() => settingsFromEnvironment(schema, { LAB_FOLDER: '' })).toThrow('LAB_FOLDER is not set');
});

it('names every variable that is wrong, and what it may be', () => {
  expect(() => settingsFromEnvironment(schema, { LAB_MAX_LINES: 'many', LAB_MODE: 'some' })).toThrow(
    'The environment is wrong: LAB_FOLDER is not set; LAB_MAX_LINES must be integer, not "many"; ' +
      'LAB_MODE must be equal to one of the allowed values (all, denied), not "some".',
  );
});

it('leaves the environment as it is', () => {
  const environment = { LAB_FOLDER: '/lab' };
  settingsFromEnvironment(schema, environment);
  expect(environment).toEqual({ LAB_FOLDER: '/lab' });
});
