import type { TestProject } from 'vitest/node';
import { startDockerd } from './dockerd.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the socket of the engine that the tests share. */
    dockerSocket: string;
  }
}

/** One engine for all files of the project: MCPNEST_TEST_DOCKER_SOCKET, or one that lives as long as the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['MCPNEST_TEST_DOCKER_SOCKET'];
  // The product refuses variables it does not know.
  delete process.env['MCPNEST_TEST_DOCKER_SOCKET'];
  const own = given === undefined ? await startDockerd() : undefined;
  project.provide('dockerSocket', given ?? own?.socketPath ?? '');
  return async () => await own?.[Symbol.asyncDispose]();
}
