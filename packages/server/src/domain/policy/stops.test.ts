import { describe, expect, it } from 'vitest';
import { decide, isStopped, unchangedUntil, viewKey, type Principal } from '../policy.ts';
import { defaultServerLimits, defaultWorkspaceSettings } from '../snapshot.ts';
import type { AccessSettings, Snapshot, SnapshotServer, SnapshotStop } from '../snapshot.ts';

const at = Date.UTC(2026, 10, 21);
const server = (slug: string, visibility: SnapshotServer['visibility'] = null): SnapshotServer => ({
  id: `id-${slug}`,
  slug,
  name: slug,
  url: 'https://x.example',
  prefix: null,
  revision: 1,
  credential: null,
  limits: defaultServerLimits,
  visibility,
});
const snapshot = (stops: readonly SnapshotStop[], access?: AccessSettings): Snapshot => ({
  format: 1,
  version: 1,
  workspace: { id: 'w', slug: 'acme', name: 'Acme' },
  settings: { ...defaultWorkspaceSettings, ...(access === undefined ? {} : { access }) },
  servers: [server('github'), server('deploy', [{ kind: 'member', id: 'bo' }])],
  disabledServerIds: [],
  tokens: [],
  networkAllow: [],
  rules: [{ id: 'r', effect: 'allow', subject: { kind: 'everybody' }, object: '*', absolute: false, expiresAt: null }],
  stops,
});
const stop = (kind: SnapshotStop['kind'], targetId: string, more: Partial<SnapshotStop> = {}): SnapshotStop => ({
  id: `s-${kind}`,
  kind,
  targetId,
  tool: '',
  expiresAt: null,
  ...more,
});
const who = (more: Partial<Principal>): Principal => ({
  workspaceId: 'w',
  tokenId: 't',
  kind: 'workspace',
  memberId: null,
  machineId: null,
  teams: [],
  label: '',
  scope: null,
  ...more,
});
const ada = who({ tokenId: 't-ada', kind: 'member', memberId: 'ada' });
const nightly = who({ tokenId: 't-nightly', kind: 'machine', machineId: 'nightly' });
const token = who({});
/** Stopped along with their owner. */
const withMachines = { machines: ['nightly'] };
const call = (name: string, serverSlug = 'github', kind: 'tool' | 'prompt' = 'tool') => ({
  serverSlug,
  kind,
  name,
  definition: undefined,
});
const modes: readonly AccessSettings[] = [
  { preset: 'open', enforcement: false },
  { preset: 'open', enforcement: true },
  { preset: 'strict', enforcement: true },
];

describe('a stop', () => {
  it.each(modes)('[GW-18] comes before every rule and binds whom it names: %j', (access) => {
    const decided = (stops: SnapshotStop[], principal: Principal, asked = call('list')) =>
      decide(snapshot(stops, access), principal, asked, at).rule;
    const all = [ada, nightly, token];
    const ruling = (made: SnapshotStop, asked = call('list')) =>
      all.map((principal) => decided([made], principal, asked).startsWith('stop:'));
    expect(ruling(stop('member', 'ada'))).toEqual([true, false, false]);
    expect(ruling(stop('machine', 'nightly'))).toEqual([false, true, false]);
    expect(ruling(stop('token', 't'))).toEqual([false, false, true]);
    expect(ruling(stop('server', 'id-github'))).toEqual([true, true, true]);
    expect(ruling(stop('server', 'id-github'), call('hello', 'github', 'prompt'))).toEqual([true, true, true]);
    const tool = stop('tool', 'id-github', { tool: 'list' });
    expect(ruling(tool)).toEqual([true, true, true]);
    expect(ruling(tool, call('other'))).toEqual([false, false, false]);
    expect(ruling(tool, call('list', 'github', 'prompt'))).toEqual([false, false, false]);
  });

  it('[REG-05] says nothing of what the caller may not know of', () => {
    const held = snapshot([stop('server', 'id-deploy'), stop('member', 'ada')]);
    expect(decide(held, ada, call('roll_out', 'deploy'), at)).toMatchObject({ rule: 'stop:s-member', visible: false });
    expect(decide(held, ada, call('list'), at)).toMatchObject({ rule: 'stop:s-member', visible: true });
    expect(decide(held, token, call('roll_out', 'deploy'), at)).toMatchObject({ visible: true });
    expect(decide(held, nightly, call('x', 'nothing'), at)).toMatchObject({ rule: 'server', visible: false });
  });

  it('[TOK-07] ends at its moment, to the millisecond, and the snapshot says when', () => {
    const held = snapshot([stop('member', 'ada', { expiresAt: new Date(at).toISOString() })]);
    expect(unchangedUntil(held, at - 1)).toBe(at);
    expect(unchangedUntil(held, at)).toBe(Infinity);
    expect(decide(held, ada, call('list'), at - 1).effect).toBe('deny');
    expect(decide(held, ada, call('list'), at).effect).toBe('allow');
    expect([isStopped(held, ada, undefined, at - 1), isStopped(held, ada, undefined, at)]).toEqual([true, false]);
  });

  it('[GW-18] shares no list with callers to whom it does not apply', () => {
    const cy = who({ tokenId: 't-cy', kind: 'member', memberId: 'cy' });
    const held = snapshot([stop('member', 'ada')]);
    expect(viewKey(held, ada)).not.toBe(viewKey(held, cy));
    expect(viewKey(snapshot([]), ada)).toBe(viewKey(snapshot([]), cy));
  });

  it('of another workspace decides nothing', () => {
    const stranger = who({ workspaceId: 'other', tokenId: 't' });
    expect(decide(snapshot([stop('token', 't')]), stranger, call('list'), at)).toMatchObject({ visible: false });
    expect(decide(snapshot([stop('token', 't')]), stranger, call('list'), at).rule).toBe('workspace');
  });
});

it('of a member is of the machines they own as well, where it says so, and ends with it', () => {
  const until = new Date(at + 1_000).toISOString();
  const held = snapshot([stop('member', 'ada', { ...withMachines, expiresAt: until })]);
  expect(decide(held, nightly, call('x'), at)).toMatchObject({ effect: 'deny', rule: 'stop:s-member' });
  expect(isStopped(held, nightly, undefined, at)).toBe(true);
  expect(viewKey(held, nightly)).toBe('token:t-nightly');
  expect(decide(held, nightly, call('x'), at + 1_000).effect).toBe('allow');
  expect(decide(held, token, call('x'), at).effect).toBe('allow');
  expect(decide(snapshot([stop('member', 'ada')]), nightly, call('x'), at).effect).toBe('allow');
  const own = snapshot([stop('machine', 'nightly', { expiresAt: until }), stop('member', 'ada', withMachines)]);
  expect(decide(own, nightly, call('x'), at + 1_000)).toMatchObject({ effect: 'deny', rule: 'stop:s-member' });
});
