export { type AsaTrafficOptions, asa106023Line, asaLines } from './asa-traffic.ts';
export { ECS_VERSION, type EcsEndpoint, type EcsEvent, type EcsInterface, type EcsObserver } from './ecs-event.ts';
export { formatRfc3164, formatRfc5424, type SyslogContent } from './format-syslog.ts';
export { parseSyslog } from './parse-syslog.ts';
export type { ParseOptions, StructuredDataElement, SyslogMessage } from './syslog-message.ts';
export { toEcs } from './to-ecs.ts';
export { toEcsJson } from './to-ecs-json.ts';
