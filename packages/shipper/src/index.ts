export { ShipperError, type ShipperErrorCode } from './errors.ts';
export { FACILITIES, type FacilityName } from './facility.ts';
export type { RedisCommands } from './redis-commands.ts';
export { type RsyslogConfigOptions, type RsyslogListener, rsyslogConfig } from './rsyslog-config.ts';
export { Shipper } from './shipper.ts';
export type { ShipperCounts } from './shipper-counts.ts';
export type { ShipperEvents, ShipperState } from './shipper-events.ts';
export type { Confirm, PipeInput, ShipperOptions, StandardInput, WalOptions } from './shipper-options.ts';
