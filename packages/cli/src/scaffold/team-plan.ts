import { checkName, OptionsError, type SinkKind } from '@distributary/core';
import { UsageError } from '../usage-error.ts';

/** Those that there is a template for. */
export const SINK_KINDS: readonly SinkKind[] = ['elasticsearch', 'siem', 'custom'];

/** What a new team's package is made from. */
export interface TeamPlan {
  /** Names the folder, the class, the variables, and the service of Docker Compose. */
  readonly name: string;
  readonly stream: string;
  readonly group: string;
  readonly sink: SinkKind;
  /** An address of those who answer for the group. */
  readonly owner: string;
}

/** What makes each part right. @throws UsageError saying what to write instead */
export const CHECKS: { readonly [Part in keyof TeamPlan]: (given: string) => TeamPlan[Part] } = {
  name: checkTeamName,
  stream: checkStream,
  group: checkGroup,
  sink: checkSink,
  owner: checkOwner,
};

/** The class of `stream` would be `StreamConsumer`; the others are services that a team needs, or no names in YAML. */
const RESERVED = ['stream', 'redis', 'elasticsearch', 'collector', 'true', 'false', 'null', 'yes', 'no', 'on', 'off'];
const MAX_NAME_LENGTH = 24;

function checkTeamName(name: string): string {
  if (!/^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/.test(name) || name.length < 2 || name.length > MAX_NAME_LENGTH) {
    const rule = `Use 2 to ${MAX_NAME_LENGTH} lower-case letters, digits and single hyphens or underscores, such as fraud or fraud-eu.`;
    throw new UsageError(`${JSON.stringify(name)} cannot be the name of a team's package. ${rule}`);
  }
  if (RESERVED.includes(name)) {
    throw new UsageError(
      `${name} cannot be the name of a team's package, for it means something else in its files. Use another.`,
    );
  }
  return name;
}

function checkStream(stream: string): string {
  if (/^[A-Za-z0-9._:/{}-]{1,200}$/.test(stream)) return stream;
  const rule = 'Use 1 to 200 letters, digits, and . _ : / { } -';
  throw new UsageError(`${JSON.stringify(stream)} cannot be the name of a stream here. ${rule}`);
}

function checkGroup(group: string): string {
  try {
    return checkName('group', group);
  } catch (thrown) {
    throw thrown instanceof OptionsError ? new UsageError(thrown.message, { cause: thrown }) : thrown;
  }
}

function checkSink(sink: string): SinkKind {
  const known = SINK_KINDS.find((kind) => kind === sink);
  if (known !== undefined) return known;
  throw new UsageError(
    `There is no template for the sink ${JSON.stringify(sink)}. Use one of: ${SINK_KINDS.join(', ')}.`,
  );
}

function checkOwner(owner: string): string {
  if (/^[\w.+-]+@[\w-]+(\.[\w-]+)*$/.test(owner)) return owner;
  throw new UsageError(`${JSON.stringify(owner)} is no address. Write whom to ask as name@example.com.`);
}
