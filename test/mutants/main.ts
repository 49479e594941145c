import { parseArgs } from 'node:util';
import { hunt } from './hunt.ts';
import { MUTANTS } from './mutants.ts';

const USAGE = `npm run -s mutants -- [--only "part of a name"] [--list]

Applies known bugs, one after the other, to a copy of the working tree, and runs the tests that must find them. Prints
which test did. Exit code 0: all were found, and the tests pass without them; 1: not so.`;

const { values } = parseArgs({
  options: { only: { type: 'string' }, list: { type: 'boolean' }, help: { type: 'boolean' } },
});
const mutants = MUTANTS.filter(({ name }) => name.includes(values.only ?? ''));
if (values.help) console.log(USAGE);
else if (values.list) for (const { name, file } of mutants) console.log(`${name}  (${file})`);
else {
  const { hunted, found } = await hunt(mutants, (text) => console.log(text));
  console.log(`\n${found} of ${hunted} mutants were found.`);
  process.exitCode = found === hunted ? 0 : 1;
}
