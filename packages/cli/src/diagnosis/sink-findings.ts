import { asError, OptionsError, type StreamConsumer } from '@distributary/core';
import { createConsumer, type Team } from '../team.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const CHECKED_WITHIN_MS = 15_000;

/**
 * Whether the team's destination could be written to, asked by the team's own sink with what the environment holds; and
 * on the way, whether the class and its package agree.
 */
export async function sinkFindings(team: Team, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  let consumer: StreamConsumer<unknown>;
  try {
    consumer = await createConsumer(team, environment);
  } catch (thrown) {
    const { message } = asError(thrown);
    const remedy = `run this where the consumer of ${team.name} runs, with its environment`;
    // Who looks after Redis need not hold the credentials of every team.
    if (thrown instanceof OptionsError) return [warning('sink', `not asked: ${message.replace(/\.$/, '')}`, remedy)];
    return [problem('sink', 'the consumer cannot be made', message)];
  }
  try {
    if (await consumer.checkSink(AbortSignal.timeout(CHECKED_WITHIN_MS)))
      return [ok('sink', 'reachable, and takes entries')];
    return [
      warning('sink', 'has no check, so nobody has asked its destination', 'give its class a method check(signal)'),
    ];
  } catch (thrown) {
    const { message } = asError(thrown);
    const { remedy } = thrown as { readonly remedy?: string };
    const said = message.replace(remedy ?? 'The batch is sent again.', '');
    return [
      problem(
        'sink',
        said.replace(/[.\s]+$/, ''),
        remedy ?? 'look whether the destination runs, and whether this host reaches it',
      ),
    ];
  } finally {
    await consumer.stop();
  }
}
