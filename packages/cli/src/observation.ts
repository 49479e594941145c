import type { StreamConsumer } from '@distributary/core';
import type { Logger } from 'pino';
import { ConsumerHealth } from './consumer-health.ts';
import type { ConsumerTroubles } from './consumer-troubles.ts';
import { MetricsEndpoint } from './metrics-endpoint.ts';
import { RecentStatus } from './recent-status.ts';

/**
 * Serves the metrics and the health of a consumer as `DISTRIBUTARY_METRICS_PORT` (0 for not at all) and
 * `DISTRIBUTARY_STUCK_AFTER` (seconds) say. To be called before the consumer starts, so that everything is counted. A port
 * that cannot be had costs the metrics and never the consumer.
 */
export async function observeConsumer(
  consumer: StreamConsumer<unknown>,
  troubles: ConsumerTroubles,
  { environment, log }: { readonly environment: NodeJS.ProcessEnv; readonly log: Logger },
): Promise<void> {
  const port = Number(environment['DISTRIBUTARY_METRICS_PORT'] || 0);
  if (port === 0) return;
  // Loaded only where it is used: it takes a tenth of a second.
  const { ConsumerMetrics } = await import('./consumer-metrics.ts');
  const status = new RecentStatus(consumer);
  const stuckAfterMs = 1_000 * Number(environment['DISTRIBUTARY_STUCK_AFTER'] || 300);
  const endpoint = new MetricsEndpoint(
    new ConsumerMetrics(consumer, troubles, status),
    new ConsumerHealth(consumer, { troubles, status, stuckAfterMs }),
  );
  const listening = await endpoint.listen(port);
  if (listening === undefined) {
    log.warn({ port }, 'goes without metrics: no port near the given one is free; choose another by --metrics-port');
  } else if (listening === port) {
    log.info({ port }, 'metrics and health on 127.0.0.1');
  } else {
    log.warn({ port: listening, taken: port }, 'metrics and health on 127.0.0.1, not on the port that was meant');
  }
}
