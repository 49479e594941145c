import type { SinkAudit } from '@distributary/core';
import { ElasticsearchAudit } from '@distributary/sink-elasticsearch';
import { readConfig } from './config.ts';

/** What this team's Elasticsearch holds: `distributary reconcile consumers/noc`. */
export function audit(environment: NodeJS.ProcessEnv): SinkAudit {
  const { elasticsearch, index } = readConfig(environment);
  return new ElasticsearchAudit({ ...elasticsearch, index });
}
