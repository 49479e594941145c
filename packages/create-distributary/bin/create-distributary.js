#!/usr/bin/env node
// `npm create distributary fraud -- --sink custom` is `distributary new fraud --sink custom`.
process.argv.splice(2, 0, 'new');
await import(new URL('../bin/distributary.js', import.meta.resolve('distributary')).href);
