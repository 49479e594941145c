/** Seeds that once failed, each with the bug that it found. They run with every test. */
export const REGRESSIONS: readonly { readonly seed: number; readonly bug: string }[] = [
  {
    seed: 3766,
    bug: 'A dead letter that Redis refused was taken for stored when its entry, trimmed meanwhile, was pending no more.',
  },
  { seed: 4001, bug: 'The same, of an entry that was rejected.' },
];
