export { ElasticsearchAudit, type ElasticsearchAuditOptions } from './elasticsearch-audit.ts';
export { type ElasticsearchConnection, elasticsearchFromEnvironment } from './elasticsearch-environment.ts';
export { ElasticsearchSink } from './elasticsearch-sink.ts';
export type { ElasticsearchSinkOptions, TlsOptions } from './elasticsearch-sink-options.ts';
export { type SyslogTemplateOptions, syslogTemplate, type TemplateBody } from './syslog-template.ts';
