import type { Shipper } from '@distributary/shipper';
import type { Logger } from 'pino';

/** How often a shipper says how much it shipped. */
const SUMMARY_EVERY_MS = 30_000;

/** Writes what a shipper reports into the log: a line per change, and its counts now and then. */
export function logShipper(shipper: Shipper, log: Logger): void {
  shipper.on('walOpened', (wal) => log.info(wal, 'the write-ahead log is open'));
  shipper.on('walTruncated', (damage) =>
    log.error(damage, 'the end of the write-ahead log was damaged and is cut off'),
  );
  shipper.on('walUnwritable', ({ reason }) =>
    log.error({ reason: reason.message }, 'the write-ahead log cannot be written'),
  );
  shipper.on('walWritable', ({ afterMs }) => log.info({ afterMs }, 'the write-ahead log can be written again'));
  shipper.on('inputPaused', ({ remedy, ...sizes }) => log.warn(sizes, `the input is not read any more. ${remedy}`));
  shipper.on('inputResumed', ({ afterMs }) => log.info({ afterMs }, 'the input is read again'));
  shipper.on('pipeReopened', ({ path }) => log.warn({ path }, 'somebody replaced the named pipe; it was opened again'));
  shipper.on('inputEnded', ({ readBytes }) => log.info({ readBytes }, 'standard input is at its end'));
  shipper.on('stored', (stored) => log.debug(stored, 'stored'));
  shipper.on('linesCut', (cut) => log.warn(cut, 'lines were cut; what was beyond is lost'));
  shipper.on('partsLeftOut', (parts) => log.warn(parts, 'beginnings of lines whose rest never came were left out'));
  shipper.on('redisUnavailable', ({ reason }) =>
    log.warn({ reason: reason.message }, 'Redis does not take lines; they wait'),
  );
  shipper.on('redisRecovered', ({ afterMs }) => log.info({ afterMs }, 'Redis takes lines again'));
  shipper.on('wentBack', (again) =>
    log.warn(again, 'Redis has lost lines that it had confirmed; they are sent again, under the same eids'),
  );
  shipper.on('gapFound', (gap) =>
    log.error(
      gap,
      'Redis has lost lines that it had confirmed, and the log does not have them any more: those from fromEid up to, ' +
        'not including, beforeEid. Teams that had read them still have them; --wal-keep sets how much the log keeps',
    ),
  );
  shipper.on('abandoned', ({ bytes }) =>
    log.error({ bytes }, 'ended before Redis had everything, without a write-ahead log: lost'),
  );
  let lastStored = 0;
  const timer = setInterval(() => {
    const { stored, unrouted, waitingBytes, walBytes } = shipper.counts;
    if (stored > lastStored)
      log.info({ stored: stored - lastStored, unrouted, waitingBytes, walBytes }, `in ${SUMMARY_EVERY_MS / 1_000} s`);
    lastStored = stored;
  }, SUMMARY_EVERY_MS).unref();
  shipper.on('stateChanged', ({ from, to }) => {
    log.info({ from }, to);
    if (to === 'stopped') clearInterval(timer);
  });
}
