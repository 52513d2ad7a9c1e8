import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, viewKey, type PolicyCall, type Principal } from '../policy.ts';
import { defaultServerLimits, defaultWorkspaceSettings, type Snapshot, type SnapshotRule } from '../snapshot.ts';

type Pins = Snapshot['servers'][number]['pins'];

const snapshot = (pins: Pins, rules: SnapshotRule[] = [], preset: 'open' | 'strict' = 'open'): Snapshot => ({
  format: 1,
  version: 1,
  workspace: { id: 'w', slug: 'acme', name: 'Acme' },
  settings: { ...defaultWorkspaceSettings, access: { preset, enforcement: preset === 'strict' } },
  servers: [
    {
      id: 's',
      slug: 'github',
      name: 'GitHub',
      url: 'https://x.example',
      prefix: null,
      revision: 1,
      credential: null,
      limits: defaultServerLimits,
      pins: pins ?? null,
    },
  ],
  disabledServerIds: [],
  tokens: [],
  networkAllow: [],
  rules,
});
const person: Principal = {
  workspaceId: 'w',
  tokenId: 't',
  kind: 'member',
  memberId: 'm',
  machineId: null,
  teams: [],
  label: '',
  scope: null,
};
const token: Principal = { ...person, kind: 'workspace', memberId: null };
const callers = [person, token];
const call = (name: string, definition: PolicyCall['definition']): PolicyCall => ({
  serverSlug: 'github',
  kind: 'tool',
  name,
  definition,
});
const rule = (effect: 'allow' | 'deny', object: string): SnapshotRule => ({
  id: effect,
  effect,
  subject: { kind: 'everybody' },
  object,
  absolute: effect === 'deny',
  expiresAt: null,
});

describe('a pinned server', () => {
  it.each(callers)('gives a $kind only what was approved, and says why not', (who) => {
    const held = snapshot([['list', 'h1']]);
    const judge = (name: string, definition: PolicyCall['definition']) => decide(held, who, call(name, definition), 0);
    expect(judge('list', 'h1').effect).toBe('allow');
    expect(judge('list', 'h2')).toMatchObject({ effect: 'deny', rule: 'pin:changed', visible: true });
    expect(judge('list', null)).toMatchObject({ effect: 'deny', rule: 'pin:changed' });
    expect(judge('other', 'h1')).toMatchObject({ effect: 'deny', rule: 'pin:new' });
    expect(judge('__proto__', 'h1')).toMatchObject({ effect: 'deny', rule: 'pin:new' });
    expect(judge('other', undefined).effect).toBe('allow');
  });

  it('gives nothing while nothing is approved, and one that is not pinned gives all', () => {
    expect(decide(snapshot([]), token, call('list', 'h1'), 0)).toMatchObject({ rule: 'pin:new' });
    expect(decide(snapshot(null), token, call('list', 'h1'), 0).effect).toBe('allow');
  });

  it('holds back what an allow rule names, and says of what a deny rule refuses that the rule does', () => {
    const held = (...rules: SnapshotRule[]) => snapshot([['list', 'h1']], rules, 'strict');
    expect(decide(held(rule('allow', 'github:list')), person, call('list', 'h2'), 0)).toMatchObject({
      rule: 'pin:changed',
    });
    expect(decide(held(rule('deny', 'github')), token, call('list', 'h2'), 0)).toMatchObject({ rule: 'rule:deny' });
    expect(decide(held(), person, call('list', 'h2'), 0)).toMatchObject({ rule: 'no-rule' });
  });

  it('holds back tools and nothing else', () => {
    for (const kind of ['prompt', 'resource', 'method'] as const) {
      expect(decide(snapshot([]), person, { ...call('x', null), kind }, 0).effect).toBe('allow');
    }
  });

  it('whatever is pinned and ruled: a pin takes away and never gives, and takes exactly what is not approved', () => {
    const name = fc.constantFrom('list', 'drop', '__proto__', 'constructor');
    const digest = fc.constantFrom('h1', 'h2', 'h3');
    const rules = fc.subarray([rule('allow', 'github:list'), rule('deny', 'github:drop'), rule('allow', 'github')]);
    const pins = fc.uniqueArray(fc.tuple(name, digest), { selector: ([tool]) => tool });
    fc.assert(
      fc.property(
        ...([pins, rules, fc.constantFrom('open' as const, 'strict' as const), name, digest] as const),
        fc.constantFrom(...callers),
        (pinned, some, preset, tool, definition, who) => {
          const free = decide(snapshot(null, some, preset), who, call(tool, definition), 0);
          const held = decide(snapshot(pinned, some, preset), who, call(tool, definition), 0);
          const approved = pinned.some(([one, digested]) => one === tool && digested === definition);
          expect(held.effect).toBe(free.effect === 'allow' && approved ? 'allow' : 'deny');
          expect(viewKey(snapshot(pinned, some, preset), who)).toBe(viewKey(snapshot(null, some, preset), who));
        },
      ),
      { numRuns: 500 },
    );
  });
});
