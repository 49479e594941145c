import type { SinkAudit } from '@distributary/core';
import { ElasticsearchAudit } from '@distributary/sink-elasticsearch';
import { readConfig } from './config.ts';

/** What the team's Elasticsearch holds, for `distributary reconcile` and `distributary trace`. */
export function audit(environment: NodeJS.ProcessEnv): SinkAudit {
  const { elasticsearch, settings } = readConfig(environment);
  return new ElasticsearchAudit({ ...elasticsearch, index: settings.SAMPLE_INDEX });
}
