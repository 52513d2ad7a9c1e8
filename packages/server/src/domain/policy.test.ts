import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileScope, decide as decideAt, type Decision, type PolicyCall, type Principal } from './policy.ts';
import { defaultServerLimits, defaultWorkspaceSettings, type Snapshot } from './snapshot.ts';

const snapshot = (slugs: string[]): Snapshot => ({
  format: 1,
  version: 1,
  workspace: { id: 'w', slug: 'acme', name: 'Acme' },
  settings: defaultWorkspaceSettings,
  servers: slugs.map((slug) => ({
    id: slug,
    slug,
    name: slug,
    url: 'https://x.example',
    prefix: null,
    revision: 1,
    credential: null,
    limits: defaultServerLimits,
  })),
  disabledServerIds: [],
  tokens: [],
  networkAllow: [],
});
const principal = (scope: string[] | null, workspaceId = 'w'): Principal => ({
  workspaceId,
  tokenId: 't',
  kind: 'member',
  memberId: 'm',
  machineId: null,
  teams: [],
  label: '',
  scope: compileScope(scope),
});

const decide = (held: Snapshot, who: Principal, call: PolicyCall): Decision => decideAt(held, who, call, 0);

describe('decide', () => {
  it('[TOK-05] allows a token without a scope every tool of its workspace', () => {
    expect(
      decide(snapshot(['a']), principal(null), { serverSlug: 'a', kind: 'tool', name: 'x', definition: null }),
    ).toMatchObject({
      effect: 'allow',
    });
  });

  it("hides servers that are not there and workspaces that are not the principal's", () => {
    expect(
      decide(snapshot(['a']), principal(null), { serverSlug: 'b', kind: 'tool', name: 'x', definition: null }),
    ).toMatchObject({
      effect: 'deny',
      visible: false,
    });
    expect(
      decide(snapshot(['a']), principal(null, 'other'), { serverSlug: 'a', kind: 'tool', name: 'x', definition: null }),
    ).toMatchObject({
      effect: 'deny',
      visible: false,
    });
  });

  it('[TOK-06] narrows a token to the servers and tools of its scope', () => {
    const narrow = principal(['a', 'b:read']);
    const verdict = (serverSlug: string, tool: string): object =>
      decide(snapshot(['a', 'b', 'c']), narrow, { serverSlug, kind: 'tool', name: tool, definition: null });
    expect(verdict('a', 'anything')).toMatchObject({ effect: 'allow', rule: 'token-scope:server' });
    expect(verdict('b', 'read')).toMatchObject({ effect: 'allow', rule: 'token-scope:tool' });
    expect(verdict('b', 'write')).toMatchObject({ effect: 'deny', visible: true });
    expect(verdict('c', 'read')).toMatchObject({ effect: 'deny', visible: false });
  });

  it('[TOK-06] gives prompts and resources to tokens that have the whole server, and to no other', () => {
    for (const kind of ['prompt', 'resource'] as const) {
      const verdict = (scope: string[] | null, serverSlug: string): object =>
        decide(snapshot(['a', 'b', 'c']), principal(scope), { serverSlug, kind, name: 'read', definition: null });
      expect(verdict(null, 'a')).toMatchObject({ effect: 'allow', rule: 'member' });
      expect(verdict(['a', 'b:read'], 'a')).toMatchObject({ effect: 'allow', rule: 'token-scope:server' });
      expect(verdict(['a', 'b:read'], 'b')).toMatchObject({ effect: 'deny', rule: 'token-scope', visible: true });
      expect(verdict(['a', 'b:read'], 'c')).toMatchObject({ effect: 'deny', visible: false });
    }
  });

  it('allows nothing that no scope entry names, and decides the same each time', () => {
    const slug = fc.constantFrom('a', 'b', 'ab');
    const kind = fc.constantFrom('tool' as const, 'prompt' as const, 'resource' as const);
    const name = fc.constantFrom('x', 'y', 'a', 'x:y', '__proto__', 'file:///a');
    const entry = fc.oneof(
      slug,
      fc.tuple(slug, name).map(([s, n]) => `${s}:${n}`),
    );
    fc.assert(
      fc.property(fc.array(entry), slug, kind, name, (scope, serverSlug, kindOf, own) => {
        const call = { serverSlug, kind: kindOf, name: own, definition: null };
        const decision = decide(snapshot(['a', 'b']), principal(scope), call);
        const named = scope.includes(serverSlug) || (kindOf === 'tool' && scope.includes(`${serverSlug}:${own}`));
        expect(decision.effect).toBe(named && serverSlug !== 'ab' ? 'allow' : 'deny');
        expect(decide(snapshot(['a', 'b']), principal(scope), call)).toEqual(decision);
      }),
    );
  });
});
