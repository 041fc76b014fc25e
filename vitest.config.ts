import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Starts the one control plane of a run, if a project that needs it has a test to run. */
const globalSetup = ['test/programs/global-setup.ts'];

export default defineConfig({
  test: {
    // Tests that talk to servers mostly wait: two files at once pay even beside a control plane on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    retry: 0,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'monitoring',
          include: ['test/monitoring/**/*.test.ts'],
          globalSetup: [...globalSetup, 'test/programs/monitoring-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
