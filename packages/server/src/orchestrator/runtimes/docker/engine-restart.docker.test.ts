import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openDockerTest, type DockerTest } from '../../../../../../test/servers/docker-tests.ts';
import { endEngine, launchEngine } from '../../../../../../test/servers/dockerd.ts';
import { askProbe, probeSecrets, probeToken } from '../../../../../../test/servers/hosted-probe.ts';

let test: DockerTest;

beforeAll(async () => {
  test = await openDockerTest(inject('dockerSocket'));
});
afterAll(async () => await test[Symbol.asyncDispose]());

describe('an engine that is ended and started again', () => {
  it('is unavailable meanwhile, tells then what has ended, and runs it again with its secrets', async () => {
    const folder = inject('dockerFolder');
    if (folder === null) throw new Error('This file is for an engine of its own.');
    const { spec } = await test.start();
    const { spec: resting } = await test.start();
    await test.runtime.rest(resting.instanceId);
    await endEngine(folder);
    try {
      await expect(test.runtime.list()).rejects.toMatchObject({ code: 'unavailable' });
    } finally {
      await launchEngine(folder);
    }
    for (const one of [spec, resting]) {
      const { instanceId } = one;
      const listed = await test.runtime.list();
      expect(listed.find((each) => each.instanceId === instanceId)).toMatchObject({ state: 'exited', endpoint: null });
      const again = await test.runtime.start(one, probeSecrets);
      expect(await askProbe(again.endpoint, 'return process.env.CANARY')).toBe(probeToken);
    }
  });
});
