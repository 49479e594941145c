/** An index template as `PUT _index_template` takes it, less the `index_patterns`, which the sink adds. */
export interface TemplateBody {
  readonly priority?: number;
  readonly data_stream?: Readonly<Record<string, unknown>>;
  readonly template: {
    readonly settings?: Readonly<Record<string, unknown>>;
    readonly mappings?: Readonly<Record<string, unknown>>;
  };
}

export interface SyslogTemplateOptions {
  /** Makes the index name that of a data stream. Default false. */
  readonly dataStream?: boolean;
  /** Added to, or in place of, the settings of the index. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Above the templates that Elasticsearch brings along (100), below what a team may want to put on top. */
const PRIORITY = 200;

const keyword = { type: 'keyword', ignore_above: 1_024 };
/** Kept and shown, but neither searched nor sorted by; of any length. */
const kept = { type: 'keyword', index: false, doc_values: false };
const ip = { type: 'ip', ignore_malformed: true };
const integer = { type: 'integer' };
const long = { type: 'long' };

const endpoint = {
  properties: { ip, port: integer, bytes: long, nat: { properties: { ip, port: integer } } },
};

/**
 * The template for syslog events in the Elastic Common Schema, as `toEcs` makes them: addresses are of type `ip`, every
 * other text is a keyword, the raw line is kept and not indexed, and no value that fits its type badly costs the document.
 */
export function syslogTemplate({ dataStream = false, settings = {} }: SyslogTemplateOptions = {}): TemplateBody {
  return {
    priority: PRIORITY,
    ...(dataStream ? { data_stream: {} } : {}),
    template: {
      settings: { 'index.codec': 'best_compression', 'index.mapping.ignore_malformed': true, ...settings },
      mappings: {
        dynamic_templates: [{ texts: { match_mapping_type: 'string', mapping: keyword } }],
        properties: {
          '@timestamp': { type: 'date', ignore_malformed: false },
          message: { type: 'match_only_text' },
          event: { properties: { original: kept, severity: long, duration: long } },
          source: endpoint,
          destination: endpoint,
          network: { properties: { bytes: long } },
          observer: { properties: { ip } },
          related: { properties: { ip } },
          log: {
            properties: {
              syslog: {
                properties: {
                  priority: long,
                  facility: { properties: { code: long } },
                  severity: { properties: { code: long } },
                  structured_data: { type: 'flattened', ignore_above: 1_024 },
                },
              },
            },
          },
          error: { properties: { message: { type: 'match_only_text' } } },
          distributary: { properties: { entry_id: keyword, eid: keyword, line_base64: kept } },
        },
      },
    },
  };
}
