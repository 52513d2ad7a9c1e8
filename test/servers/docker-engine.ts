import type { TestProject } from 'vitest/node';
import { endEngine, launchEngine, makeEngineFolder, removeEngineFolder, socketIn } from './dockerd.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the socket of the engine that the tests share. */
    dockerSocket: string;
    /** Folder of that engine; null: it was there before, in MCPNEST_TEST_DOCKER_SOCKET. */
    dockerFolder: string | null;
  }
}

/** One engine for all files of the project: MCPNEST_TEST_DOCKER_SOCKET, or one that lives as long as the run. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['MCPNEST_TEST_DOCKER_SOCKET'];
  // The product refuses variables it does not know.
  delete process.env['MCPNEST_TEST_DOCKER_SOCKET'];
  if (given !== undefined) {
    project.provide('dockerSocket', given);
    project.provide('dockerFolder', null);
    return undefined;
  }
  const folder = makeEngineFolder();
  project.provide('dockerSocket', socketIn(folder));
  project.provide('dockerFolder', folder);
  const remove = async (): Promise<void> => {
    await endEngine(folder);
    removeEngineFolder(folder);
  };
  try {
    await launchEngine(folder);
  } catch (error) {
    await remove();
    throw error;
  }
  return remove;
}
