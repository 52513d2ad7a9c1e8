import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { engineJson } from '../../../../../../test/servers/docker-image.ts';
import { openDockerTest, type DockerTest } from '../../../../../../test/servers/docker-tests.ts';
import { startRegistry } from '../../../../../../test/servers/registry.ts';

const socketPath = inject('dockerSocket');
let test: DockerTest;

beforeAll(async () => {
  test = await openDockerTest(socketPath);
});
afterAll(async () => await test[Symbol.asyncDispose]());

const forget = async ({ name, digest }: { name: string; digest: string }): Promise<void> =>
  void (await engineJson(socketPath, 'DELETE', `/images/${encodeURIComponent(`${name}@${digest}`)}?force=1`));

describe('[ORC-03] an image', () => {
  it('that is missing is pulled by its digest, once; one that is there is asked of nobody', async () => {
    expect(await test.runtime.ensureImage(test.image)).toBe('present');
    using registry = await startRegistry(`mcpnest-test/${randomUUID()}`, {});
    expect(await test.runtime.ensureImage(registry.image)).toBe('pulled');
    const asked = registry.asked.length;
    expect(asked).toBeGreaterThan(2);
    expect(await test.runtime.ensureImage(registry.image)).toBe('present');
    expect(registry.asked.length).toBe(asked);
    await forget(registry.image);
  });

  it('that a registry does not have, or whose registry is away, is named with the reason', async () => {
    using registry = await startRegistry(`mcpnest-test/${randomUUID()}`, {});
    const { name } = registry.image;
    const digest = `sha256:${'0'.repeat(64)}`;
    const error = await test.runtime.ensureImage({ name, digest }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(`${name}@sha256:0`) as string,
    });
    expect(error).toMatchObject({ message: expect.stringMatching(/: the registry does not have it\.$/) as string });
    await expect(test.runtime.ensureImage({ name: '127.0.0.1:1/nobody/nothing', digest })).rejects.toThrow(
      'the registry cannot be reached',
    );
    await expect(test.runtime.ensureImage({ name, digest: 'latest' })).rejects.toThrow('its digest is malformed');
  });

  it('that is missing when it shall start leaves nothing behind', async () => {
    const image = { name: '127.0.0.1:1/nobody/nothing', digest: `sha256:${'0'.repeat(64)}` };
    await expect(test.start({ image })).rejects.toThrow('it is not on the engine');
    expect(await test.left()).toEqual([]);
  });

  it('that makes volumes is not started', async () => {
    using registry = await startRegistry(`mcpnest-test/${randomUUID()}`, { Volumes: { '/data': {} } });
    await test.runtime.ensureImage(registry.image);
    await expect(test.start({ image: registry.image })).rejects.toThrow('it declares volumes');
    expect(await test.left()).toEqual([]);
    await forget(registry.image);
  });
});
