import type { Team } from '../team.ts';

/** What a panel draws: a query of Prometheus, and what the line is called. */
interface Query {
  readonly expr: string;
  readonly legend: string;
  readonly heatmap?: true;
}

interface PanelPlan {
  readonly title: string;
  readonly description: string;
  readonly kind: 'timeseries' | 'stat' | 'heatmap';
  /** As Grafana calls it: `s`, `bytes`, `short`, `ops`. */
  readonly unit: string;
  /** Of the 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
}

const COLUMNS = 24;
const PANEL_HEIGHT = 8;
const DATASOURCE = { type: 'prometheus', uid: '$datasource' } as const;
const CHOSEN = '{stream=~"$stream",group=~"$group"}';
const BY_GROUP = 'by (stream, group)';
const LEGEND = '{{group}}';

/**
 * A dashboard in Grafana's JSON model, for an import or a provisioned folder; its data source, streams and groups are
 * chosen at the top. The lines at a constant height are what the packages promise.
 */
export function grafanaDashboard(teams: readonly Team[]): object {
  return {
    uid: 'distributary',
    title: 'Distributary',
    description: 'Where every team stands in its stream, and what its consumers do.',
    tags: ['distributary'],
    editable: true,
    graphTooltip: 1,
    schemaVersion: 39,
    version: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [] },
    links: [],
    templating: {
      list: [datasourceVariable(), labelVariable('stream', ''), labelVariable('group', '{stream=~"$stream"}')],
    },
    panels: placed(plans(teams)),
  };
}

function plans(teams: readonly Team[]): PanelPlan[] {
  const promised = teams.flatMap(({ group, lagSloSeconds: slo }) =>
    slo === undefined ? [] : [{ expr: `vector(${slo})`, legend: `lagSlo of ${group}` }],
  );
  const quotas = teams.flatMap(({ group, deadLetterQuota: quota }) =>
    quota === undefined ? [] : [{ expr: `vector(${quota})`, legend: `quota of ${group}` }],
  );
  const gauge = (metric: string) => ({ expr: `max ${BY_GROUP} (distributary_${metric}${CHOSEN})`, legend: LEGEND });
  const rate = (metric: string, legend: string = LEGEND) => ({
    expr: `sum ${BY_GROUP} (rate(distributary_${metric}${CHOSEN}[$__rate_interval]))`,
    legend,
  });
  const quantile = (metric: string, share: number) => ({
    expr: `histogram_quantile(${share}, sum by (le, stream, group) (rate(distributary_${metric}_bucket${CHOSEN}[$__rate_interval])))`,
    legend: `${LEGEND} p${share * 100}`,
  });
  const heatmap = (metric: string): Query => ({
    expr: `sum by (le) (increase(distributary_${metric}_bucket${CHOSEN}[$__rate_interval]))`,
    legend: '{{le}}',
    heatmap: true,
  });
  return [
    stat(
      'On hold',
      'The destination refuses everything until somebody acts, or the quota of dead letters is used up.',
      gauge('held'),
    ),
    stat('Lag', 'Entries not yet delivered to the group.', gauge('lag_entries')),
    stat(
      'Lost in the last day',
      'Trimmed from the stream before the group had them; each process of a group counts the same.',
      {
        expr: `max ${BY_GROUP} (increase(distributary_lost_total${CHOSEN}[1d]))`,
        legend: LEGEND,
      },
    ),
    stat('Dead letters', 'Set aside for the group.', gauge('dead_letters')),
    lines('Lag in time', 'Between the last entry handed out and the newest of the stream.', 's', [
      gauge('lag_seconds'),
      ...promised,
    ]),
    lines('Oldest pending entry', 'Delivered to the group and not acknowledged, since it was added.', 's', [
      gauge('oldest_pending_seconds'),
      ...promised,
    ]),
    lines('Delivered', 'Entries that a sink confirmed, per second.', 'ops', [rate('delivered_total')]),
    lines(
      'Not delivered at once',
      'Entries that a sink asked for again or rejected, and duplicates, per second.',
      'ops',
      [
        rate('retried_total', `${LEGEND} again`),
        rate('rejected_total', `${LEGEND} rejected`),
        rate('dead_lettered_total', `${LEGEND} set aside`),
        rate('duplicates_total', `${LEGEND} duplicates`),
      ],
    ),
    lines('Time of a delivery', 'From handing a batch to the sink to its verdicts.', 's', [
      quantile('delivery_seconds', 0.5),
      quantile('delivery_seconds', 0.99),
    ]),
    lines('Age at delivery', 'From adding an entry to its confirmation: what a team sees of the whole way.', 's', [
      quantile('entry_age_seconds', 0.5),
      quantile('entry_age_seconds', 0.99),
    ]),
    { ...lines('Entries per batch', 'How full batches are.', 'short', [heatmap('batch_entries')]), kind: 'heatmap' },
    lines('Pending', 'Entries delivered to the group and not acknowledged.', 'short', [gauge('pending_entries')]),
    lines('In hand: entries', 'Read and not yet acknowledged, by process; bounded by readAhead.', 'short', [
      { expr: `distributary_in_hand_entries${CHOSEN}`, legend: `${LEGEND} {{consumer}}` },
    ]),
    lines('In hand: bytes', 'Read and not yet acknowledged, by process; bounded by readAhead.', 'bytes', [
      { expr: `distributary_in_hand_bytes${CHOSEN}`, legend: `${LEGEND} {{consumer}}` },
    ]),
    lines('Dead letters of each group', 'Against the quota that its package declares.', 'short', [
      gauge('dead_letters'),
      ...quotas,
    ]),
  ];
}

function stat(title: string, description: string, query: Query): PanelPlan {
  return { title, description, kind: 'stat', unit: 'short', width: 6, queries: [query] };
}

function lines(title: string, description: string, unit: string, queries: readonly Query[]): PanelPlan {
  return { title, description, kind: 'timeseries', unit, width: 12, queries };
}

/** From left to right, and from the top down. */
function placed(panels: readonly PanelPlan[]): object[] {
  let x = 0;
  let y = 0;
  return panels.map((plan, i) => {
    if (x + plan.width > COLUMNS) {
      x = 0;
      y += PANEL_HEIGHT;
    }
    const gridPos = { x, y, w: plan.width, h: PANEL_HEIGHT };
    x += plan.width;
    return panel(plan, i + 1, gridPos);
  });
}

function panel({ title, description, kind, unit, queries }: PanelPlan, id: number, gridPos: object): object {
  return {
    id,
    type: kind,
    title,
    description,
    gridPos,
    datasource: DATASOURCE,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: OPTIONS[kind],
    targets: queries.map(({ expr, legend, heatmap }, i) => ({
      refId: String.fromCharCode(65 + i),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(heatmap ? { format: 'heatmap' } : {}),
    })),
  };
}

const OPTIONS: Readonly<Record<PanelPlan['kind'], object>> = {
  timeseries: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
  stat: {
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    textMode: 'value_and_name',
    colorMode: 'none',
  },
  heatmap: { calculate: false, yAxis: { unit: 'short' }, cellGap: 1 },
};

function datasourceVariable(): object {
  return { name: 'datasource', type: 'datasource', label: 'Prometheus', query: 'prometheus', hide: 0, refresh: 1 };
}

function labelVariable(label: 'stream' | 'group', selector: string): object {
  const query = `label_values(distributary_lag_entries${selector}, ${label})`;
  return {
    name: label,
    type: 'query',
    label,
    datasource: DATASOURCE,
    query: { query, refId: label },
    definition: query,
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.+',
    current: { text: ['All'], value: ['$__all'] },
  };
}
