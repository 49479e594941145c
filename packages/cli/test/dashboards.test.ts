import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseOptions } from '@distributary/core';
import { temporaryFolder } from '@distributary/testing';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertRules } from '../src/dashboards/alert-rules.ts';
import { grafanaDashboard } from '../src/dashboards/grafana-dashboard.ts';
import type { Team } from '../src/team.ts';
import { run } from './distributary.ts';

const COUNTERS = ['delivered', 'retried', 'rejected', 'dead_lettered', 'lost', 'duplicates'].map(
  (name) => `${name}_total`,
);
const HISTOGRAMS = ['batch_entries', 'delivery_seconds', 'entry_age_seconds'].map((name) => `${name}_bucket`);
const GAUGES = [
  ...['lag_entries', 'lag_seconds', 'pending_entries', 'oldest_pending_seconds'],
  ...['held', 'in_hand_bytes', 'in_hand_entries', 'dead_letters'],
];

const TEAM = { name: 'lab', stream: 'syslog_stream', group: 'lab_team', owner: 'lab@example.com' } as Team;
const TEAMS = [
  { ...TEAM, lagSloSeconds: 30, deadLetterQuota: 1_000 },
  { ...TEAM, name: 'free', group: 'free_team' },
];

/** What Prometheus takes in a rules file: "Recording rules" and "Alerting rules" of its documentation. */
const RULES_FILE = {
  type: 'object',
  additionalProperties: false,
  required: ['groups'],
  properties: {
    groups: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'rules'],
        properties: {
          name: { type: 'string', minLength: 1 },
          rules: {
            type: 'array',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['alert', 'expr', 'for', 'labels', 'annotations'],
              properties: {
                alert: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
                expr: { type: 'string', minLength: 1 },
                for: { type: 'string', pattern: '^\\d+[smh]$' },
                labels: {
                  type: 'object',
                  propertyNames: { pattern: '^[a-z_]+$' },
                  additionalProperties: { type: 'string' },
                },
                annotations: { type: 'object', additionalProperties: { type: 'string' } },
              },
            },
          },
        },
      },
    },
  },
};

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly refId: string; readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

/** Counters and buckets grow for ever and are only looked at by how fast; gauges are looked at as they are. */
function checkExpression(expr: string): void {
  const named = [...expr.matchAll(/distributary_(\w+)/g)].map(([, name = '']) => name);
  for (const name of named) expect([...COUNTERS, ...HISTOGRAMS, ...GAUGES], expr).toContain(name);
  const growing = [...expr.matchAll(/(rate|increase)\(distributary_(\w+)/g)].map(([, , name = '']) => name);
  expect(growing, expr).toEqual(named.filter((name) => !GAUGES.includes(name)));
  for (const [open, close] of ['()', '{}', '[]']) {
    expect(expr.split(open as string).length, expr).toBe(expr.split(close as string).length);
  }
}

describe('the alert rules', () => {
  const groups = parse(alertRules(TEAMS)).groups as { name: string; rules: Rule[] }[];
  const rules = groups.flatMap((group) => group.rules);

  it('are what Prometheus takes, and ask for metrics that there are', () => {
    expect(() => parseOptions(RULES_FILE as never, parse(alertRules(TEAMS)), 'the rules file')).not.toThrow();
    expect(new Set(groups.map(({ name }) => name)).size).toBe(groups.length);
    for (const { expr } of rules) checkExpression(expr);
  });

  it('hold each team to what its package promises, and to nothing else', () => {
    const of = (team: string) => rules.filter(({ labels }) => labels['team'] === team);
    expect(of('lab').map(({ alert }) => alert)).toEqual([
      'DistributaryNobodyReads',
      'DistributaryLagSlo',
      'DistributaryDeadLetterQuota',
    ]);
    expect(
      of('lab')
        .map(({ expr }) => expr)
        .join(),
    ).toMatch(/lag_seconds\{stream="syslog_stream",group="lab_team"\}\) > 30 .*>= 800/);
    expect(of('lab').every(({ labels }) => labels['owner'] === 'lab@example.com')).toBe(true);
    expect(of('free').map(({ alert }) => alert)).toEqual(['DistributaryNobodyReads']);
  });

  it('each say what to do', () => {
    for (const { annotations } of rules) {
      expect(annotations['summary']).toBeTruthy();
      expect(annotations['description']).toMatch(/npx distributary|redis-cli|Find out|log/);
    }
  });
});

describe('the dashboard', () => {
  const { panels, templating } = grafanaDashboard(TEAMS) as Dashboard;

  it('has panels that lie beside each other, each with queries of its own', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { gridPos, targets, title } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
      expect(targets.length, title).toBeGreaterThan(0);
    }
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });

  it('asks for metrics and variables that there are, and shows every metric', () => {
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    for (const expr of expressions) checkExpression(expr);
    for (const name of [...COUNTERS, ...HISTOGRAMS, ...GAUGES])
      expect(expressions.join()).toContain(`distributary_${name}`);
    const variables = ['__rate_interval', ...templating.list.map(({ name }) => name)];
    const used = [...JSON.stringify({ panels, templating }).matchAll(/\$(\w+)/g)].map(([, name]) => name);
    for (const name of used) expect([...variables, '__all']).toContain(name);
  });

  it('draws what the packages promise', () => {
    const legends = JSON.stringify(panels);
    expect(legends).toContain('lagSlo of lab_team');
    expect(legends).toContain('quota of lab_team');
    expect(legends).not.toContain('of free_team');
  });
});

describe('distributary dashboards', () => {
  it('writes both files, and says so; with --dry-run it writes none', async () => {
    await using folder = await temporaryFolder();
    const out = join(folder.path, 'monitoring');
    const dry = await run(['dashboards', 'consumers/noc', '--out', out, '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining('alerts.yml: would be written') });
    expect(await readdir(folder.path)).toEqual([]);
    expect((await run(['dashboards', 'consumers/noc', '--out', out])).stdout).toContain('dashboard.json: written');
    const dashboard = JSON.parse(await readFile(join(out, 'distributary-dashboard.json'), 'utf8'));
    expect(dashboard).toMatchObject({ uid: 'distributary', title: 'Distributary' });
    expect(await readFile(join(out, 'distributary-alerts.yml'), 'utf8')).toContain('group="noc_team"');
  });
});
