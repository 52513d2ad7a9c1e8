import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toolClasses, type ToolClass } from '@mcpnest/contract/rule-form';
import { loosenings, type ClassRestrictions } from './manifest-loosening.ts';
import type { ManifestFacts } from './manifest.ts';
import { decide, type Principal } from './policy.ts';
import { approvalTarget } from './policy/approvals.ts';
import { parseRuleObject } from './policy/rule-object.ts';
import { defaultServerLimits, defaultWorkspaceSettings } from './snapshot.ts';
import type { AccessSettings, Snapshot, SnapshotApproval, SnapshotRule, Subject } from './snapshot.ts';

const at = Date.UTC(2026, 10, 21);
const facts = (more: Partial<ManifestFacts> = {}): ManifestFacts => ({
  owner: 'data',
  upstream: 'https://x.example',
  visibility: ['workspace'],
  tools: {},
  limits: {},
  ...more,
});
const free: ClassRestrictions = { held: new Set(), granted: new Set() };
const tools = (of: Record<string, ToolClass>, approval: 'required' | 'none' = 'none'): ManifestFacts['tools'] =>
  Object.fromEntries(Object.entries(of).map(([tool, access]) => [tool, { access, approval }]));
const places = (...args: Parameters<typeof loosenings>) => loosenings(...args).map(({ path }) => path);

describe('a manifest takes away', () => {
  it('a class that gets lower, named or left out, and none that gets higher', () => {
    const now = facts({ tools: tools({ a: 'destructive', b: 'write', c: 'read' }) });
    expect(places(now, facts({ tools: tools({ a: 'write', b: 'read', c: 'write' }) }), now, free)).toEqual([
      'tools.a.access',
      'tools.b.access',
    ]);
    expect(places(now, facts(), now, free)).toEqual(['tools.a.access']);
    expect(places(facts(), facts({ tools: tools({ a: 'read', b: 'destructive' }) }), undefined, free)).toEqual([]);
  });

  it('what rules about classes say, whichever way the class goes', () => {
    const next = facts({ tools: tools({ a: 'read', b: 'destructive' }) });
    const held = { ...free, held: new Set<ToolClass>(['write']) };
    expect(places(facts(), next, undefined, held)).toEqual(['tools.a.access', 'tools.b.access']);
    const granted = { ...free, granted: new Set<ToolClass>(['destructive']) };
    expect(places(facts(), next, undefined, granted)).toEqual(['tools.b.access']);
  });

  it('an approval, and a limit or a visibility that was set by hand', () => {
    const now = facts({
      tools: tools({ a: 'write' }, 'required'),
      limits: { per_user_rpm: 5 },
      visibility: ['team:a'],
    });
    const next = facts({ tools: tools({ a: 'write' }), limits: { per_user_rpm: 6 }, visibility: ['team:a', 'team:b'] });
    const all = ['tools.a.approval', 'limits.per_user_rpm', 'visibility'];
    expect(places(now, next, facts(), free)).toEqual(all);
    expect(places(now, facts(), facts(), free)).toEqual(all);
    // What the team has said itself, it may say otherwise.
    expect(places(now, next, now, free)).toEqual(['tools.a.approval']);
  });

  it('what is held by hand, by making it the manifest’s own', () => {
    const now = facts({ limits: { per_user_rpm: 5 }, visibility: ['team:a'], tools: tools({ a: 'destructive' }) });
    const said = facts({ limits: { per_user_rpm: 9 }, tools: tools({ a: 'write' }) });
    const all = ['tools.a.access', 'limits.per_user_rpm', 'visibility'];
    expect(places(now, now, said, free)).toEqual(all);
    expect(places(now, { ...now, limits: { per_user_rpm: 4 } }, said, free)).toEqual(all);
    // What is held no closer than the team has said is no hold.
    const wider = facts({
      limits: { per_user_rpm: 50 },
      visibility: ['team:a', 'team:b'],
      tools: tools({ a: 'write' }),
    });
    const narrow = facts({ ...said, visibility: ['team:a'] });
    expect(places(wider, narrow, narrow, free)).toEqual([]);
  });
});

describe('whatever the rules', () => {
  const subjects: readonly Subject[] = [
    { kind: 'everybody' },
    { kind: 'member', id: 'ada' },
    { kind: 'team', id: 'a' },
    { kind: 'machine', id: 'ci' },
  ];
  const who = (more: Partial<Principal>): Principal => ({
    ...{ workspaceId: 'w', tokenId: 't', kind: 'workspace', memberId: null, machineId: null },
    ...{ teams: [], label: '', scope: null, ...more },
  });
  const principals = [
    who({}),
    who({ kind: 'member', memberId: 'ada' }),
    who({ kind: 'member', memberId: 'bo', teams: ['a'] }),
    who({ kind: 'machine', machineId: 'ci' }),
  ];
  const names = ['read_it', 'drop_it', 'other'] as const;
  const targets = ['*', ...names, 'd*', '@read', '@write', '@destructive'];
  const rules = fc.array(
    fc.record({
      id: fc.uuid(),
      effect: fc.constantFrom('allow' as const, 'deny' as const),
      subject: fc.constantFrom(...subjects),
      object: fc.constantFrom(...targets.flatMap((target) => [`*:${target}`, `cat:${target}`, `else:${target}`])),
      absolute: fc.boolean(),
      expiresAt: fc.constantFrom(null, new Date(at + 1).toISOString()),
    }),
    { maxLength: 8 },
  );
  const settings = fc.uniqueArray(
    fc.record({
      target: fc.constantFrom(...targets),
      approvers: fc.constant([]),
      expiresInMinutes: fc.constantFrom(5, 60),
    }),
    { maxLength: 4, selector: ({ target }) => target },
  );
  const named = fc.dictionary(
    fc.constantFrom(...names),
    fc.record({
      access: fc.constantFrom(...toolClasses),
      approval: fc.constantFrom('required' as const, 'none' as const),
    }),
    { noNullPrototype: true },
  );
  const visibility = fc.constantFrom<string[]>(['workspace'], ['team:a'], ['member:ada', 'machine:ci']);
  const mode = fc.constantFrom<AccessSettings>(
    { preset: 'strict', enforcement: true },
    { preset: 'open', enforcement: true },
    { preset: 'open', enforcement: false },
  );

  const snapshot = (
    said: ManifestFacts,
    {
      rules: of,
      settings: hand,
      access,
    }: { rules: SnapshotRule[]; settings: SnapshotApproval[]; access: AccessSettings },
  ): Snapshot => {
    const asked = Object.keys(said.tools)
      .filter((tool) => said.tools[tool]!.approval === 'required' && !hand.some(({ target }) => target === tool))
      .map((target) => ({ target, approvers: [], expiresInMinutes: 60 }));
    const shownTo = said.visibility.map((text): Subject => {
      const [kind, id] = text.split(':') as ['member' | 'team' | 'machine', string];
      return { kind, id };
    });
    return {
      ...{ format: 1, version: 1, workspace: { id: 'w', slug: 'acme', name: 'Acme' } },
      settings: { ...defaultWorkspaceSettings, access },
      servers: [
        {
          ...{ id: 's', slug: 'cat', name: 'cat', url: 'https://x.example', prefix: null, revision: 1 },
          ...{ credential: null, limits: defaultServerLimits },
          visibility: said.visibility[0] === 'workspace' ? null : shownTo,
          approvals: [...hand, ...asked],
          toolClasses: Object.entries(said.tools).map(([tool, { access: set }]) => [tool, set] as const),
        },
      ],
      ...{ disabledServerIds: [], tokens: [], networkAllow: [], rules: of },
    };
  };

  it('[REG-03] what loosens nothing gives nobody who saw the server before more than they had', () => {
    const world = fc.record({ rules, settings, access: mode });
    let compared = 0;
    fc.assert(
      fc.property(world, named, named, visibility, visibility, (of, before, after, seenBefore, seenAfter) => {
        const present = facts({ tools: before, visibility: seenBefore });
        const wanted = facts({ tools: after, visibility: seenAfter });
        const about = (effect: 'allow' | 'deny') =>
          of.rules.flatMap(({ effect: has, object }) => {
            const read = parseRuleObject(object);
            const here = read?.server === '*' || read?.server === 'cat';
            return has === effect && here && read.target.kind === 'class' ? [read.target.toolClass] : [];
          });
        const approved = of.settings.flatMap(({ target }) => {
          const read = approvalTarget(target);
          return read?.kind === 'class' ? [read.toolClass] : [];
        });
        const restrictions = { held: new Set([...about('deny'), ...approved]), granted: new Set(about('allow')) };
        if (loosenings(present, wanted, present, restrictions).length > 0) return;
        compared++;
        const [old, next] = [snapshot(present, of), snapshot(wanted, of)];
        for (const principal of principals) {
          for (const name of names) {
            const call = { serverSlug: 'cat', kind: 'tool', name, definition: undefined } as const;
            const [was, is] = [decide(old, principal, call, at), decide(next, principal, call, at)];
            if (was.effect === 'deny' && !was.visible) continue;
            if (was.effect === 'deny') expect(is.effect).toBe('deny');
            else if (was.approval !== undefined && is.effect === 'allow') expect(is.approval).toBeDefined();
          }
        }
      }),
      { numRuns: 2_000 },
    );
    expect(compared).toBeGreaterThan(200);
  });
});
