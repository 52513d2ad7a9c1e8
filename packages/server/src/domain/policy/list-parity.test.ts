import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toolClasses } from '@mcpnest/contract/rule-form';
import { compileScope, decide, unchangedUntil, viewKey, type Principal } from '../policy.ts';
import { defaultServerLimits, defaultWorkspaceSettings } from '../snapshot.ts';
import type { AccessSettings, Snapshot, SnapshotRule, SnapshotServer, SnapshotStop, Subject } from '../snapshot.ts';

/** Lists are made once for all callers of one view and kept until a rule or stop ends; calls are judged each by itself. */
const at = Date.UTC(2026, 10, 21);
const iso = (ms: number): string => new Date(ms).toISOString();
const slugs = ['github', 'grafana', 'deploy'] as const;
const names = ['list_issues', 'delete_repo', 'x'] as const;
const hashes = ['h1', 'h2'] as const;

const subject = fc.constantFrom<Subject>(
  { kind: 'everybody' },
  { kind: 'member', id: 'ada' },
  { kind: 'member', id: 'bo' },
  { kind: 'team', id: 'a' },
  { kind: 'machine', id: 'ci' },
);
const ends = fc.constantFrom(null, iso(at - 1), iso(at), iso(at + 1), iso(at + 5));
const objects = ['*', ...slugs].flatMap((slug) => [
  slug,
  ...['*', 'list_*', ...names, '@read', '@write', '@destructive', '@prompts'].map((target) => `${slug}:${target}`),
]);
const rule: fc.Arbitrary<SnapshotRule> = fc.record({
  id: fc.uuid(),
  effect: fc.constantFrom('allow' as const, 'deny' as const),
  subject,
  object: fc.constantFrom(...objects),
  absolute: fc.boolean(),
  expiresAt: ends,
});
const stop: fc.Arbitrary<SnapshotStop> = fc.oneof(
  fc.record({
    id: fc.uuid(),
    kind: fc.constant('member' as const),
    targetId: fc.constantFrom('ada', 'bo'),
    tool: fc.constant(''),
    expiresAt: ends,
    machines: fc.constantFrom([], ['ci']),
  }),
  fc.record({
    id: fc.uuid(),
    kind: fc.constantFrom('machine' as const, 'token' as const, 'server' as const, 'tool' as const),
    targetId: fc.constantFrom('ci', 't0', 't1', ...slugs.map((slug) => `id-${slug}`)),
    tool: fc.constantFrom(...names),
    expiresAt: ends,
  }),
);
const server = (slug: string): fc.Arbitrary<SnapshotServer> =>
  fc
    .record({
      visibility: fc.option(fc.array(subject, { maxLength: 3 })),
      classes: fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...toolClasses), { noNullPrototype: true }),
      pins: fc.option(fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...hashes), { noNullPrototype: true })),
      approval: fc.constantFrom(...names, '@write', 'none'),
    })
    .map(({ visibility, classes, pins, approval }) => ({
      ...{ id: `id-${slug}`, slug, name: slug, url: 'https://x.example', prefix: null, revision: 1 },
      ...{ credential: null, limits: defaultServerLimits, visibility },
      toolClasses: Object.entries(classes),
      pins: pins === null ? null : Object.entries(pins),
      approvals: approval === 'none' ? [] : [{ target: approval, approvers: [], expiresInMinutes: 5 }],
    }));
const snapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    rules: fc.array(rule, { maxLength: 10 }),
    stops: fc.array(stop, { maxLength: 3 }),
    servers: fc.tuple(...slugs.map(server)),
    access: fc.constantFrom<AccessSettings>(
      { preset: 'strict', enforcement: true },
      { preset: 'open', enforcement: true },
      { preset: 'open', enforcement: false },
    ),
  })
  .map(({ rules, stops, servers, access }) => ({
    ...{ format: 1, version: 1, workspace: { id: 'w', slug: 'acme', name: 'Acme' } },
    settings: { ...defaultWorkspaceSettings, access },
    ...{ servers, disabledServerIds: [], tokens: [], networkAllow: [], rules, stops },
  }));

const principal: fc.Arbitrary<Principal> = fc
  .record({
    who: fc.constantFrom('workspace', 'ada', 'bo', 'ci'),
    tokenId: fc.constantFrom('t0', 't1', 't2'),
    teams: fc.constantFrom([], ['a']),
    scope: fc.constantFrom(null, ['github'], ['github:x', 'deploy'], ['gone']),
  })
  .map(({ who, tokenId, teams, scope }) => ({
    ...{ workspaceId: 'w', tokenId, label: '', scope: compileScope(scope) },
    kind: who === 'workspace' ? 'workspace' : who === 'ci' ? 'machine' : 'member',
    memberId: who === 'ada' || who === 'bo' ? who : null,
    machineId: who === 'ci' ? 'ci' : null,
    teams: who === 'ada' || who === 'bo' ? teams : [],
  }));

/** Two callers, often one with two tokens. */
const callers = fc
  .tuple(principal, principal, fc.boolean())
  .map(([first, other, siblings]): [Principal, Principal] =>
    siblings ? [first, { ...first, tokenId: first.tokenId === 't0' ? 't1' : 't0', scope: null }] : [first, other],
  );

it('[L2-09][GW-18] a tool is in the list of whoever may call it and of nobody else, whoever the list was made for', () => {
  const definitions = fc.array(fc.constantFrom(...hashes), { minLength: names.length, maxLength: names.length });
  let [listed, withheld] = [0, 0];
  fc.assert(
    fc.property(snapshot, callers, definitions, fc.nat({ max: 6 }), (held, [first, other], hash, later) => {
      const all = slugs.flatMap((serverSlug) =>
        names.map((name, i) => ({ serverSlug, kind: 'tool', name, definition: hash[i]! }) as const),
      );
      const list = new Set(all.filter((tool) => decide(held, first, tool, at).effect === 'allow'));
      // The same token is the same caller: nobody has two scopes under one id.
      const same = other.tokenId === first.tokenId ? first : other;
      const served = viewKey(held, same) === viewKey(held, first) ? [first, same] : [first];
      const now = at + later < unchangedUntil(held, at) ? at + later : at;
      for (const caller of served) {
        for (const tool of all) {
          const may = decide(held, caller, tool, now).effect === 'allow';
          expect([tool, list.has(tool)]).toEqual([tool, may]);
          if (may) listed++;
          else withheld++;
        }
      }
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(listed, withheld)).toBeGreaterThan(1_000);
});
