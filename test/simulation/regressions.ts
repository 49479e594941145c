/** Seeds that once failed, each with the bug that it found. They run with every test. */
export const REGRESSIONS: readonly { readonly seed: number; readonly bug: string }[] = [
  {
    seed: 12_126,
    bug: 'A dead letter that Redis refused was taken for stored when its entry, trimmed meanwhile, was pending no more.',
  },
  { seed: 19_153, bug: 'The same.' },
  {
    seed: 13_463,
    bug: 'With nothing in hand but dead letters to store, nobody created a group again that had vanished.',
  },
  { seed: 54_068, bug: 'The same, after a flush.' },
  {
    seed: 23_335,
    bug: 'An entry that had got the ID of a lost one was acknowledged with that one, once it was trimmed and could not be compared.',
  },
  {
    seed: 80_037,
    bug: 'A group that was created anew while a batch lingered put an entry into that batch twice, and its sink was taken for broken.',
  },
];
