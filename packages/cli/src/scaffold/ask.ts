import type { SinkKind } from '@distributary/core';
import { UsageError } from '../usage-error.ts';
import { CHECKS, SINK_KINDS, type TeamPlan } from './team-plan.ts';

const HINTS: { readonly [Kind in SinkKind]: string } = {
  elasticsearch: 'the bulk API',
  siem: 'an HTTP event collector, such as that of Splunk',
  custom: 'a sink of your own, which writes files until you change it',
};

/**
 * Asks at the terminal for each part of the plan that is not given.
 * @returns undefined when the questions were cancelled
 */
export async function askForTeam(given: Partial<TeamPlan>): Promise<TeamPlan | undefined> {
  const { cancel, isCancel, select, text } = await import('@clack/prompts');
  const asked: { -readonly [Part in keyof TeamPlan]?: TeamPlan[Part] } = { ...given };
  const questions: { readonly [Part in keyof TeamPlan]: () => Promise<string | symbol> } = {
    name: () => text({ message: "The team's name", placeholder: 'fraud', validate: faultOf('name') }),
    stream: () => text({ message: 'The stream it reads', initialValue: 'syslog_stream', validate: faultOf('stream') }),
    group: () =>
      text({ message: 'Its consumer group', initialValue: `${asked.name}_team`, validate: faultOf('group') }),
    sink: () =>
      select({
        message: 'Where its entries go',
        options: SINK_KINDS.map((kind) => ({ value: kind, hint: HINTS[kind] })),
      }),
    owner: () =>
      text({ message: 'Whom to ask about it', placeholder: 'fraud@example.com', validate: faultOf('owner') }),
  };
  for (const part of PARTS) {
    if (given[part] !== undefined) continue;
    const answer = await questions[part]();
    if (isCancel(answer)) {
      cancel('Nothing was written.');
      return undefined;
    }
    Object.assign(asked, { [part]: CHECKS[part](answer as string) });
  }
  return asked as TeamPlan;
}

/** In the order of the questions: the group is proposed by the name. */
const PARTS = ['name', 'stream', 'group', 'sink', 'owner'] as const;

function faultOf(part: keyof TeamPlan): (answer: string | undefined) => string | undefined {
  return (answer) => {
    try {
      CHECKS[part](answer ?? '');
      return undefined;
    } catch (thrown) {
      if (thrown instanceof UsageError) return thrown.message;
      throw thrown;
    }
  };
}
