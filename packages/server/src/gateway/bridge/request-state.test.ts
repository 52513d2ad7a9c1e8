import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Principal } from '../../domain/policy.ts';
import { Secret } from '../../domain/secret.ts';
import { createLocalVault } from '../../platform/vault/local-key.ts';
import { longestState } from './input-required.ts';
import { RequestStates, type StateBinding } from './request-state.ts';
import { TaskNames } from './task-names.ts';

const vault = createLocalVault(new Secret(randomBytes(32).toString('hex')));
const clock = { at: 1_000_000, now: () => clock.at, monotonic: () => clock.at };
const states = new RequestStates({ vault, clock });

const principal: Principal = {
  workspaceId: 'w1',
  tokenId: 't1',
  kind: 'member',
  memberId: 'm1',
  machineId: null,
  teams: [],
  label: 'laptop',
  scope: null,
};
const binding: StateBinding = {
  principal,
  upstream: 'w1/s1/a',
  method: 'tools/call',
  name: 'deploy',
  args: '{"to":"prod"}',
};

describe('requestState', () => {
  it('[NEW-05] [edge 45] gives back what it carries to the request it was made for', () => {
    const state = states.seal({ kind: 'relayed', state: 'opaque ✓' }, binding, 60_000);
    expect(states.open(state, binding)).toEqual({ kind: 'relayed', state: 'opaque ✓' });
    expect(state).not.toContain('opaque');
  });

  it.each(['"', '\u001f', '✓', 'x'])(
    '[edge 45] gives back the longest that is taken of an upstream, all %j',
    (character) => {
      const state = character.repeat(longestState);
      expect(states.open(states.seal({ kind: 'relayed', state }, binding, 60_000), binding)).toEqual({
        kind: 'relayed',
        state,
      });
    },
  );

  const others: [string, StateBinding][] = [
    ['another token', { ...binding, principal: { ...principal, tokenId: 't2' } }],
    ['another workspace', { ...binding, principal: { ...principal, workspaceId: 'w2' } }],
    ['another server', { ...binding, upstream: 'w1/s2/a' }],
    ['another address or credential', { ...binding, upstream: 'w1/s1/b' }],
    ['another method', { ...binding, method: 'prompts/get' }],
    ['another tool', { ...binding, name: 'destroy' }],
    ['other arguments', { ...binding, args: '{"to":"test"}' }],
    ['no arguments', { ...binding, args: '' }],
  ];
  it.each(others)('[NEW-05] [edge 45] opens nothing for %s', (_, other) => {
    const state = states.seal({ kind: 'parked', id: 'p1' }, binding, 60_000);
    expect(() => states.open(state, other)).toThrow(expect.objectContaining({ code: -32602 }));
  });

  it('[NEW-05] ends with its time', () => {
    const state = states.seal({ kind: 'again' }, binding, 60_000);
    clock.at += 60_000;
    expect(states.open(state, binding)).toEqual({ kind: 'again' });
    clock.at += 1;
    expect(() => states.open(state, binding)).toThrow(/requestState/);
  });

  it.each(['', 'garbage', 'A'.repeat(200), 'A'.repeat(500_000)])('refuses what it never sealed: %#', (text) => {
    expect(() => states.open(text, binding)).toThrow(/requestState/);
  });
});

describe('names of tasks', () => {
  const names = new TaskNames({ vault });
  const target = { serverId: 's1', tool: 'report', taskId: 'task/ü 1' };

  it('[edge 68] are the same every time and open for the same member, with whatever token', () => {
    const name = names.name(principal, target);
    expect(names.name(principal, target)).toBe(name);
    expect(names.target({ ...principal, tokenId: 't9' }, name)).toEqual(target);
  });

  it('[edge 68] are nothing to anybody else', () => {
    const name = names.name(principal, target);
    expect(names.target({ ...principal, memberId: 'm2' }, name)).toBeUndefined();
    expect(names.target({ ...principal, memberId: null, tokenId: 'm1' }, name)).toBeUndefined();
    expect(names.target({ ...principal, workspaceId: 'w2' }, name)).toBeUndefined();
    expect(names.target(principal, target.taskId)).toBeUndefined();
  });
});
