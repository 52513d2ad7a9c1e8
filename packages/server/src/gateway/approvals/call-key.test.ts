import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Principal } from '../../domain/policy.ts';
import { Secret } from '../../domain/secret.ts';
import { defaultServerLimits } from '../../domain/snapshot.ts';
import { createLocalVault } from '../../platform/vault/local-key.ts';
import type { CallTarget } from '../call-target.ts';
import { readMessage } from '../message.ts';
import { CallKeys } from './call-key.ts';

const keys = new CallKeys({ vault: createLocalVault(new Secret(randomBytes(32).toString('hex'))) });
const principal: Principal = {
  workspaceId: 'w1',
  tokenId: 't1',
  kind: 'member',
  memberId: 'm1',
  machineId: null,
  teams: [],
  label: '',
  scope: null,
};
const target = (name = 'delete_repo', hash = 'h1', id = 's1', url = 'https://x.example'): CallTarget => ({
  name,
  server: {
    id,
    slug: 'github',
    name: 'github',
    url,
    prefix: null,
    revision: 1,
    credential: null,
    limits: defaultServerLimits,
  },
  definition: {
    name,
    hash,
    before: '',
    after: '',
    declared: new Map(),
    paramHeaders: [],
    template: undefined,
    hasUi: false,
  },
});
const message = (params: object, space?: number) =>
  readMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, null, space)));
const of = (params: object, who = principal, what = target()) => keys.of(who, what, message(params)).call;

const args = fc.dictionary(
  fc.string().filter((key) => key !== '__proto__'),
  fc.jsonValue(),
);

describe('the key of a call', () => {
  it('[NEW-04] is the same for the same arguments however they are written, and whatever _meta and name say', () => {
    fc.assert(
      fc.property(args, fc.jsonValue(), (value, meta) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed());
        const one = keys.of(principal, target(), message({ name: 'delete_repo', arguments: value }));
        const other = keys.of(principal, target(), message({ _meta: { meta }, arguments: turned, name: 'x' }, 2));
        expect(other).toEqual(one);
      }),
    );
  });

  it('[NEW-04] differs for any other arguments', () => {
    fc.assert(
      fc.property(args, args, (one, other) => {
        const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
        expect(of({ name: 'x', arguments: one }) === of({ name: 'x', arguments: other })).toBe(same);
      }),
    );
    expect(of({ name: 'x', arguments: { n: 1 } })).not.toBe(of({ name: 'x', arguments: { n: '1' } }));
  });

  it('[NEW-04] differs for another token, workspace, server, address of it, tool, definition, or anything else that is sent', () => {
    const params = { name: 'x', arguments: { a: 1 } };
    const all = [
      of(params),
      of(params, { ...principal, tokenId: 't2' }),
      of(params, { ...principal, workspaceId: 'w2' }),
      of(params, principal, target('delete_branch')),
      of(params, principal, target('delete_repo', 'h2')),
      of(params, principal, target('delete_repo', 'h1', 's2')),
      of(params, principal, target('delete_repo', 'h1', 's1', 'https://x.example/production')),
      of({ ...params, task: { ttl: 1 } }),
      of({ ...params, inputResponses: { ok: { action: 'accept' } } }),
      of({ name: 'x' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('[NEW-04] holds no value that could be read back or tried without the key', () => {
    const { argsMac, call } = keys.of(principal, target(), message({ name: 'x', arguments: { secret: 'hunter2' } }));
    expect([argsMac, call]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)]);
    const other = new CallKeys({ vault: createLocalVault(new Secret(randomBytes(32).toString('hex'))) });
    expect(other.of(principal, target(), message({ name: 'x', arguments: { secret: 'hunter2' } })).call).not.toBe(call);
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, inner]) => [key, sorted(inner)]);
}
