import pc from 'picocolors';

/** Where the log lines of several processes come together: as they are, or for people on a terminal. */
export class LogOutput {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** @param line a JSON line as pino writes it; anything else is written as it is */
  write(line: string): void {
    this.#stream.write(this.#stream.isTTY ? `${readable(line)}\n` : `${line.trimEnd()}\n`);
  }
}

const COLOURS: Readonly<Record<string, (text: string) => string>> = { debug: pc.dim, warn: pc.yellow, error: pc.red };
const PROCESS_WIDTH = 12;

function readable(line: string): string {
  const fields = parsed(line);
  if (fields === undefined) return line.trimEnd();
  const { level, time, process, msg, ...rest } = fields;
  const colour = COLOURS[String(level)] ?? ((text: string) => text);
  const details = Object.entries(rest).map(([name, value]) => pc.dim(` ${name}=${textOf(value)}`));
  const clock = pc.dim(String(time).slice(11, 19));
  return `${clock} ${pc.cyan(String(process).padEnd(PROCESS_WIDTH))} ${colour(String(msg))}${details.join('')}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'msg' in value ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
