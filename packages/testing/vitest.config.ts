import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './scripts/skipped-reporter.js';

/** Every workspace's tests run under this configuration: `vitest run --config …/testing/vitest.config.ts --root .` */
const conditions = ['@distributary/source', 'node', 'import', 'default'];

/** Half of what a process that a test starts costs is stripping types and compiling; the next one finds it done. */
const compiled = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['{test,faults}/**/*.test.ts', '*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    env: { NODE_COMPILE_CACHE: compiled },
    maxWorkers: 2,
    reporters: ['default', ...(process.env['GITHUB_ACTIONS'] ? ['github-actions'] : []), new SkippedReporter()],
    execArgv: ['--conditions=@distributary/source'],
  },
});
