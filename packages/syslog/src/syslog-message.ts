/** One element of RFC 5424's structured data; a parameter's name may occur more than once. */
export interface StructuredDataElement {
  readonly id: string;
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** A syslog line taken apart: its header, its text, and what was wrong with it. */
export interface SyslogMessage {
  /** `unknown`: neither a priority nor a stamp nor a Cisco tag says that this is syslog at all. */
  readonly format: 'rfc5424' | 'rfc3164' | 'unknown';
  /** 0 to 191: the facility times eight, plus the severity. */
  readonly priority?: number;
  /** Milliseconds since the epoch; absent when the line has no stamp or none that is a real time. */
  readonly timestamp?: number;
  readonly hostname?: string;
  readonly appName?: string;
  readonly procId?: string;
  readonly msgId?: string;
  readonly structuredData?: readonly StructuredDataElement[];
  /** What follows the header, unchanged; RFC 5424's byte order mark is not part of it. */
  readonly message: string;
  /** One sentence for each thing that could not be read as it stands; empty for a healthy line. */
  readonly problems: readonly string[];
}

export interface ParseOptions {
  /**
   * Milliseconds since the epoch, such as those of an entry ID. Decides the year of a stamp that has none: that which
   * puts the stamp nearest.
   */
  readonly receivedAt: number;
  /** The zone of stamps that name none: an IANA name or an offset such as `+01:00`. Default `UTC`. */
  readonly timeZone?: string;
}
