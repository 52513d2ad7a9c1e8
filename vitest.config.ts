import { defineConfig } from 'vitest/config';

const onEngine = '{packages/*/src,test}/**/*.docker.test.ts';

/**
 * Tests stand beside the code they test, or in test/ when they need the whole product. Those boot real servers, kill
 * them and measure time, so they run after the others and one file at a time,
 * and last those that need a container engine, which they share.
 */
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'code',
          include: ['packages/*/src/**/*.test.ts'],
          exclude: [onEngine],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'product',
          include: ['test/**/*.test.ts'],
          exclude: [onEngine],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'docker',
          include: [onEngine],
          // An engine somebody else runs is not for these tests to end.
          exclude: process.env['MCPNEST_TEST_DOCKER_SOCKET'] === undefined ? [] : ['**/engine-restart.docker.test.ts'],
          globalSetup: ['test/servers/docker-engine.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
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
