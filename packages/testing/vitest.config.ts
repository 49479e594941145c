import { defineConfig } from 'vitest/config';

/** Every workspace's tests run under this configuration: `vitest run --config …/testing/vitest.config.ts --root .` */
const conditions = ['@distributary/source', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['test/**/*.test.ts', '*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    execArgv: ['--conditions=@distributary/source'],
  },
});
