import { setTimeout as sleep } from 'node:timers/promises';
import { hosted } from '@mcpnest/contract/operations/hosted';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEntry } from '../domain/hosted/entries.contract.ts';
import { startKit } from './kit.contract.ts';
import type { Kit } from './kit.contract.ts';

const silent: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
};
const logs = { tail: () => Promise.resolve([]), follow: () => silent };

let kit: Kit;
let paths: Readonly<Record<string, string>>;
beforeEach(async () => {
  kit = await startKit(undefined, [], { catalogue: [testEntry], runtime: 'docker', logs });
  await kit.allowHosting();
  const env = { FILES_ROOT: '/data', FILES_KEY: 'k' };
  const { instance_id: id } = await kit.owner.hosted.deploy({ body: { workspace: 'acme', slug: 'files', env } });
  paths = {
    'what is recorded': '/api/v1/workspaces/acme/calls/tail',
    'what a hosted server writes': hosted.follow.path.replace('{instance}', id),
  };
});
afterEach(() => kit[Symbol.asyncDispose]());

describe.each(['what is recorded', 'what a hosted server writes'])('a stream of %s', (name) => {
  const open = async (method = 'GET') => {
    const response = await kit.send(method, paths[name]!);
    return { status: response.status, close: async (): Promise<void> => await response.body?.cancel() };
  };

  it('[HST-07] is open five times for one person and no more often, until one is closed', async () => {
    const streams = [];
    for (let index = 0; index < 5; index++) streams.push(await open());
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await open()).status).toBe(429);
    await streams[0]!.close();
    const again = await open();
    expect(again.status).toBe(200);
    await Promise.all([...streams.slice(1), again].map((stream) => stream.close()));
  });

  it('[HST-07] is not left open by who asks for its head alone', async () => {
    for (let index = 0; index < 6; index++) expect((await open('HEAD')).status).toBe(200);
    await sleep(0);
    const stream = await open();
    expect(stream.status).toBe(200);
    await stream.close();
  });
});
