import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Read by each Node at its start, and so by the workers and by what they start.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/node');

const onEngine = '{packages/*/src,test}/**/*.docker.test.ts';

/** What these say of time, memory or neighbours holds only while nothing else runs. */
const measuring = [
  'test/bench.test.ts',
  'test/e2e/{bridge,hostile-upstream,isolation,isolation-soak,limits,memory,stalled}.test.ts',
  'test/faults/*.test.ts',
];

/** These build images of the catalogue from the registries first: part of the long form of `npm run test:faults`. */
const building = [
  'test/e2e/{hosted,hosted-images,hosted-database}.docker.test.ts',
  'test/faults/hosted.docker.test.ts',
];
const long = process.env['MCPNEST_TEST_FAULTS'] === 'long';

/**
 * Tests stand beside the code they test, or in test/ when they need the whole product. Those boot real servers and
 * browsers and run after the others; then, one file at a time, those that kill and measure, and last those that share
 * a container engine.
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
          // They change nothing that is shared: modules are read once, not for each file.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'product',
          include: ['test/**/*.test.ts'],
          exclude: [onEngine, ...measuring],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: measuring,
          exclude: [onEngine],
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'docker',
          include: [onEngine],
          // An engine somebody else runs is not for these tests to end.
          exclude: [
            ...(process.env['MCPNEST_TEST_DOCKER_SOCKET'] === undefined ? [] : ['**/engine-restart.docker.test.ts']),
            ...(long ? [] : building),
          ],
          globalSetup: ['test/servers/docker-engine.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
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
