import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createLog } from '../../platform/log.ts';
import type { AnnouncedKind } from '../list-kinds.ts';
import { ListChanges, type ListListener } from './list-changes.ts';
import type { Viewer } from './seat.ts';

/** Lists that are whatever the test says, by kind and token. */
function setUp(kinds: readonly AnnouncedKind[] = ['tools']) {
  const lists = new Map<string, string>();
  let looks = 0;
  const source = (kind: AnnouncedKind) => ({
    fingerprint({ principal }: Viewer): Promise<string> {
      looks++;
      const list = lists.get(`${kind} ${principal.tokenId}`) ?? lists.get(kind) ?? '';
      return list === 'broken' ? Promise.reject(new Error('cannot be read')) : Promise.resolve(list);
    },
  });
  const gone = new Set<string>();
  const changes = new ListChanges({
    clock: systemClock,
    log: createLog('silent'),
    sources: new Map(kinds.map((kind) => [kind, source(kind)])),
    viewer: ({ tokenId }) => (gone.has(tokenId) ? undefined : viewer(tokenId)),
    refresh: () => undefined,
    attend: () => ({ [Symbol.dispose]: () => undefined }),
  });
  return { lists, gone, changes, looks: () => looks };
}

const viewer = (tokenId: string): Viewer => ({
  principal: {
    workspaceId: 'w',
    tokenId,
    kind: 'workspace',
    memberId: null,
    machineId: null,
    teams: [],
    label: tokenId,
    scope: tokenId.startsWith('scoped') ? { entries: new Set(), servers: new Set() } : null,
  },
  held: {
    snapshot: {
      format: 1,
      version: 1,
      workspace: { id: 'w', slug: 'w', name: 'w' },
      settings: {
        auditMode: 'available',
        retentionDays: 90,
        limits: { principalPerMinute: null, workspacePerMinute: null, principalConcurrency: 1 },
      },
      servers: [],
      disabledServerIds: [],
      tokens: [],
      networkAllow: [],
    },
    serversBySlug: new Map(),
    serversById: new Map(),
    policyDigest: '',
    confirmed: { at: 0 },
  },
  server: undefined,
  tools: undefined,
});

interface Ear extends ListListener {
  readonly heard: string[];
  here: boolean;
}

function ear(tokenId: string, kinds: readonly AnnouncedKind[] = ['tools']): Ear {
  const made: Ear = {
    workspaceId: 'w',
    tokenId,
    serverId: undefined,
    kinds,
    heard: [],
    here: true,
    present: () => made.here,
    changed: (kind) => void made.heard.push(kind),
  };
  return made;
}

const settle = (): Promise<void> => sleep(350);

describe('ListChanges', () => {
  it('[edge 49] tells of the kinds a listener asked for, and of those alone', async () => {
    const { lists, changes } = setUp(['tools', 'prompts', 'resources']);
    const [all, tools] = [ear('a', ['tools', 'prompts', 'resources']), ear('b')];
    changes.add(all);
    changes.add(tools);
    await settle();
    lists.set('prompts', 'new');
    changes.touch('w');
    await settle();
    expect([all.heard, tools.heard]).toEqual([['prompts'], []]);
  });

  it('[edge 49] looks once for all who see the same, and once for each who does not', async () => {
    const { changes, looks } = setUp();
    for (let i = 0; i < 50; i++) changes.add(ear(`whole-${i}`));
    for (let i = 0; i < 3; i++) changes.add(ear(`scoped-${i}`));
    await settle();
    expect(looks()).toBe(4);
  });

  it('[edge 49] speaks at most once a second, and then of the last state only', async () => {
    const { lists, changes } = setUp();
    const listener = ear('a');
    changes.add(listener);
    await settle();
    for (let i = 0; i < 6; i++) {
      lists.set('tools', String(i));
      changes.touch('w');
      await sleep(300);
    }
    expect(listener.heard.length).toBeLessThanOrEqual(2);
    await sleep(1_200);
    expect(listener.heard.length).toBeGreaterThanOrEqual(2);
    expect(listener.heard.length).toBeLessThanOrEqual(3);
  });

  it('[edge 49] says nothing of a list that is what it was, cannot be read, or is not theirs any longer', async () => {
    const { lists, gone, changes } = setUp();
    const listener = ear('a');
    changes.add(listener);
    await settle();
    changes.touch('w');
    await settle();
    lists.set('tools', 'broken');
    changes.touch('w');
    await settle();
    lists.set('tools', 'new');
    gone.add('a');
    changes.touch('w');
    await settle();
    expect(listener.heard).toEqual([]);
    gone.delete('a');
    changes.touch('w');
    await settle();
    expect(listener.heard).toEqual(['tools']);
  });

  it('[edge 49] tells one that was away when it is back, of what differs from what it knew', async () => {
    const { lists, changes } = setUp();
    const [same, other] = [ear('scoped-same'), ear('scoped-other')];
    for (const listener of [same, other]) changes.add(listener);
    await settle();
    same.here = other.here = false;
    lists.set('tools', 'new');
    changes.touch('w');
    await settle();
    lists.set('tools scoped-same', '');
    same.here = other.here = true;
    changes.touch('w');
    await settle();
    expect([same.heard, other.heard]).toEqual([[], ['tools']]);
  });

  it('forgets who has left, and a workspace nobody listens in', async () => {
    const { lists, changes, looks } = setUp();
    const listener = ear('a');
    const leave = changes.add(listener);
    await settle();
    leave();
    leave();
    lists.set('tools', 'new');
    changes.touch('w');
    await settle();
    expect([listener.heard, looks()]).toEqual([[], 1]);
  });
});
