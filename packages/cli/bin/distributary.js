#!/usr/bin/env node
// Runs from source in a checkout, where nothing has been built, and from dist everywhere else.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `distributary needs Node 22.19 or newer, and this is ${process.versions.node}. In a checkout, call it as: npx distributary\n`,
  );
  process.exit(2);
}

const fromSource = existsSync(new URL('../src/index.ts', import.meta.url));
if (fromSource) {
  nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, '@distributary/source'] }),
  });
}
const { main } = await import(fromSource ? '../src/index.ts' : '../dist/index.js');
await main(process.argv);
