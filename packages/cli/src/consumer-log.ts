import type { Recreation, StreamConsumer } from '@distributary/core';
import type { Logger } from 'pino';

/** How often a consumer says how much it delivered. */
const SUMMARY_EVERY_MS = 30_000;

/** Writes what a consumer reports into the log: a line per change, and a sum of what was delivered now and then. */
export function logConsumer(consumer: StreamConsumer<unknown>, log: Logger): Disposable {
  const summary = new Summary(consumer, log);
  consumer.on('stateChanged', ({ from, to }) => log.info({ from }, to));
  consumer.on('serverProbed', ({ server, warnings }) => {
    log.info({ server: server.description, persistence: server.persistence }, 'connected to Redis');
    for (const warning of warnings) log.warn(warning);
  });
  consumer.on('groupCreated', ({ startFrom }) => log.info({ startFrom }, 'the group did not exist and was created'));
  consumer.on('groupRecreated', ({ reason, startFrom, again, gap }) =>
    log.error(
      { reason: reason.message, ...spans({ again, gap }) },
      `the group had vanished and was recreated ${startFrom === 'beginning' ? 'at the beginning' : `behind its checkpoint ${startFrom}`}`,
    ),
  );
  consumer.on('groupSetBack', (setback) =>
    log.error(spans(setback), 'Redis is behind what it was: the group or its stream was set back'),
  );
  consumer.on('checkpointFailed', ({ reason }) =>
    log.warn({ reason: reason.message }, 'the checkpoint of the group cannot be kept; delivery goes on'),
  );
  consumer.on('takenBack', ({ origin, count, suspects }) => {
    const whose = origin === 'own' ? 'this consumer had in hand before' : 'another consumer left idle';
    log.info({ count, ...(suspects.length > 0 ? { suspects } : {}) }, `takes back entries that ${whose}`);
  });
  consumer.on('delivered', ({ count, tookMs }) => {
    summary.add(count);
    log.debug({ count, tookMs }, 'delivered');
  });
  consumer.on('gaveUp', ({ entries }) =>
    log.warn({ entries }, 'did not finish in time; what it had in hand stays pending'),
  );
  consumer.on('handedBack', ({ count }) =>
    log.info({ count }, 'handed back; another consumer of the group takes them over within seconds'),
  );
  consumer.on('retried', ({ count, reason, afterMs }) =>
    log.warn({ count, afterMs: Math.round(afterMs), reason: reason.message }, 'the sink asked for entries again'),
  );
  consumer.on('deadLettered', ({ id, verdict, reason }) =>
    log.error({ entry: id, verdict, reason }, 'an entry became a dead letter'),
  );
  consumer.on('deadLetterFailed', ({ ids, reason }) =>
    log.error(
      { entries: ids.length, reason: reason.message },
      'dead letters cannot be stored; the entries stay pending',
    ),
  );
  consumer.on('deadLettersHeld', ({ reason }) =>
    log.error({ reason: reason.message }, 'on hold: no more dead letters are stored; what is due stays pending'),
  );
  consumer.on('deadLettersResumed', () => log.info('dead letters are stored again'));
  consumer.on('lost', ({ count, ids }) =>
    log.error(
      { count, first: ids[0], last: ids.at(-1) },
      'entries were trimmed from the stream before this group had them',
    ),
  );
  consumer.on('acknowledgedFewer', (counts) => log.warn(counts, 'Redis acknowledged fewer entries than were settled'));
  consumer.on('sinkUnavailable', ({ reason }) =>
    log.warn({ reason: reason.message }, 'the destination takes nothing; trying again until it does'),
  );
  consumer.on('sinkHeld', ({ reason }) =>
    log.error({ reason: reason.message }, 'on hold: the destination refuses everything'),
  );
  consumer.on('sinkRecovered', ({ afterMs, probes }) =>
    log.info({ afterMs, probes }, 'the destination takes entries again'),
  );
  consumer.on('redisUnavailable', ({ reason }) => log.warn({ reason: reason.message }, 'Redis does not answer'));
  consumer.on('redisRecovered', ({ afterMs }) => log.info({ afterMs }, 'Redis answers again'));
  return summary;
}

/** Which entries come again, and between which IDs some may be gone. */
function spans({ again, gap }: Pick<Recreation, 'again' | 'gap'>): object {
  return { ...(again ? { again } : {}), ...(gap ? { gap } : {}) };
}

class Summary implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #delivered = 0;

  constructor(consumer: StreamConsumer<unknown>, log: Logger) {
    this.#timer = setInterval(() => {
      const delivered = this.#delivered;
      this.#delivered = 0;
      if (delivered > 0)
        log.info({ delivered, inHand: consumer.inHand.entries }, `delivered in ${SUMMARY_EVERY_MS / 1000} s`);
    }, SUMMARY_EVERY_MS).unref();
  }

  add(count: number): void {
    this.#delivered += count;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
