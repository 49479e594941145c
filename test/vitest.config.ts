import { defineConfig, type ViteUserConfig } from 'vitest/config';
import common from '../packages/testing/vitest.config.ts';

/** They compare speeds, watch memory, or load the machine by themselves: nothing else runs beside them. */
const ALONE = ['isolation.test.ts', 'shipping.test.ts', 'chaos.test.ts', 'simulation.test.ts', 'faults/memory.test.ts'];

const { include = [], maxWorkers, ...options } = common.test ?? {};

const config: ViteUserConfig = defineConfig({
  ...common,
  test: {
    ...options,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include,
          exclude: ALONE,
          maxWorkers: maxWorkers ?? 2,
          maxConcurrency: 2,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
});

export default config;
