import { defineConfig } from 'vitest/config';

/** The first test may wait for a Redis to start. */
export default defineConfig({ test: { include: ['test/*.test.ts'], testTimeout: 60_000 } });
