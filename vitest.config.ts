import { defineConfig } from 'vitest/config';

/**
 * Tests stand beside the code they test, or in test/ when they need the whole product. Those boot real servers, kill
 * them and measure time, so they run after the others and one file at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'code', include: ['packages/*/src/**/*.test.ts'], maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'product', include: ['test/**/*.test.ts'], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    passWithNoTests: false,
    allowOnly: false,
  },
});
