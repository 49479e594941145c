import { defineConfig } from 'vitest/config';
import shared from '../../vitest.config.ts';

/** Runs the contract against sinks that break it: started by a test, never by itself. */
export default defineConfig({ ...shared, test: { ...shared.test, include: ['test/broken-sinks/suite.ts'] } });
