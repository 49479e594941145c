import type { TeamPlan } from './team-plan.ts';

/**
 * Gives the templates' sample team another name. The templates are packages that compile, so what stands for the team
 * in them are words: each is replaced wherever it stands, in one pass, so that no replacement is replaced again.
 * @param more words of the place where the package goes, with what to write for each
 */
export function renaming(plan: TeamPlan, more: Readonly<Record<string, string>>): (text: string) => string {
  const words = new Map([
    ...Object.entries(more),
    ['sample@example.com', plan.owner],
    ['sample_stream', plan.stream],
    ['sample_team', plan.group],
    ['Sample', inPascalCase(plan.name)],
    ['SAMPLE', plan.name.toUpperCase().replaceAll('-', '_')],
    ['sample', plan.name],
  ]);
  const any = new RegExp([...words.keys()].join('|').replaceAll('.', '\\.'), 'g');
  return (text) => text.replaceAll(any, (word) => words.get(word) ?? word);
}

/** `fraud-eu` is `FraudEu` in types, `FRAUD_EU` in variables. */
function inPascalCase(name: string): string {
  return name
    .split(/[-_]/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}
