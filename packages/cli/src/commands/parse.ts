import { once } from 'node:events';
import { MASK_KEY_VARIABLE, Masks, secretFrom } from '@distributary/core';
import { toEcs } from '@distributary/syslog';
import { Command } from 'commander';
import { linesOf } from '../lines.ts';
import { loadTeam, readTeam } from '../team.ts';
import { UsageError } from '../usage-error.ts';

/** What a line becomes, as JSON text, and why that is less than a healthy line would give. */
interface Parsed {
  readonly text: string;
  readonly problem: string | undefined;
}

const EXAMPLES = `
Examples:
  npx distributary parse < firewall.log > events.ndjson
  npx distributary parse --consumer consumers/noc < firewall.log | head -1 | jq .
  tail -F /var/log/asa.log | npx distributary parse | jq -c .event.action

Standard output has one event per line, in order, and nothing else; what could not be read is counted on standard error.
Exit codes: 0 done · 2 wrong arguments or package`;

export function parseCommand(): Command {
  return new Command('parse')
    .description('show what lines become: one ECS event per line of standard input')
    .option('--consumer <package>', "through that team's mapping, such as consumers/noc")
    .addHelpText('after', EXAMPLES)
    .action(async ({ consumer }: { consumer?: string }) => {
      const parse = consumer === undefined ? parseToEcs : await previewOf(consumer);
      const tally = await parseAll(parse, process.stdin, process.stdout);
      process.stderr.write(tally.report());
    });
}

async function parseAll(
  parse: (line: string) => Parsed,
  input: AsyncIterable<Buffer>,
  output: NodeJS.WriteStream,
): Promise<Tally> {
  const tally = new Tally();
  let open = true;
  const close = () => {
    open = false;
  };
  // Whoever reads may have seen enough, as head(1) has.
  output.on('error', close);
  for await (const line of linesOf(input)) {
    const { text, problem } = parse(line.toString('utf8'));
    tally.count(problem);
    if (!open) break;
    if (!output.write(`${text}\n`)) await once(output, 'drain').catch(close);
  }
  return tally;
}

function parseToEcs(line: string): Parsed {
  const event = toEcs(line, { receivedAt: Date.now() });
  return { text: JSON.stringify(event), problem: event.error?.message };
}

/** With the team's masks. @throws UsageError when the package shows no preview, OptionsError when a mask has no key */
async function previewOf(path: string): Promise<(line: string) => Parsed> {
  const team = await readTeam(path);
  const { preview } = await loadTeam(team);
  if (typeof preview !== 'function') {
    throw new UsageError(
      `${path} exports no function "preview(line)". Let its module export one that returns what the team would store.`,
    );
  }
  const masks = new Masks(team.mask, secretFrom(process.env, MASK_KEY_VARIABLE));
  return (line) => {
    try {
      const text = preview(masks.text(line));
      const { error } = JSON.parse(text) as { error?: { message?: string } };
      return { text, problem: error?.message };
    } catch (thrown) {
      const problem = `The mapping threw: ${(thrown as Error).message}`;
      return { text: JSON.stringify({ event: { original: masks.text(line) }, error: { message: problem } }), problem };
    }
  };
}

/** How many lines there were, and why some say less than they could. */
class Tally {
  #lines = 0;
  readonly #problems = new Map<string, number>();

  count(problem: string | undefined): void {
    this.#lines++;
    if (problem !== undefined) this.#problems.set(problem, (this.#problems.get(problem) ?? 0) + 1);
  }

  report(): string {
    const withProblems = [...this.#problems.values()].reduce((sum, count) => sum + count, 0);
    const reasons = [...this.#problems]
      .sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => `${count} × ${reason}\n`);
    return `${this.#lines} lines, ${withProblems} of them not fully parsed\n${reasons.join('')}`;
  }
}
