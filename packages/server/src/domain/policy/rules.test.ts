import { objectForm } from '@mcpnest/contract/rule-form';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, maySee, unchangedUntil, viewKey, type PolicyCall, type Principal } from '../policy.ts';
import {
  defaultServerLimits,
  defaultWorkspaceSettings,
  type AccessSettings,
  type Snapshot,
  type SnapshotRule,
  type SnapshotServer,
} from '../snapshot.ts';
import { compileGlob } from './glob.ts';
import { parseRuleObject } from './rule-object.ts';
import { ruleMatcher } from './rule-matcher.ts';

const at = Date.UTC(2026, 10, 21);
const iso = (moment: number): string => new Date(moment).toISOString();
const strict: AccessSettings = { preset: 'strict', enforcement: true };
const enforced: AccessSettings = { preset: 'open', enforcement: true };
const observed: AccessSettings = { preset: 'open', enforcement: false };

const server = (slug: string, more: Partial<SnapshotServer> = {}): SnapshotServer => ({
  id: `id-${slug}`,
  slug,
  name: slug,
  url: 'https://x.example',
  prefix: null,
  revision: 1,
  credential: null,
  limits: defaultServerLimits,
  ...more,
});
const servers = [
  server('github', {
    toolClasses: [
      ['list_issues', 'read'],
      ['delete_repo', 'destructive'],
      ['__proto__', 'read'],
    ],
  }),
  server('grafana'),
];
const snapshot = (rules: readonly SnapshotRule[], access = strict, of = servers): Snapshot => ({
  format: 1,
  version: 1,
  workspace: { id: 'w', slug: 'acme', name: 'Acme' },
  settings: { ...defaultWorkspaceSettings, access },
  servers: of,
  disabledServerIds: [],
  tokens: [],
  networkAllow: [],
  rules,
});
let made = 0;
const rule = (
  effect: 'allow' | 'deny',
  who: string,
  object: string,
  more: Partial<SnapshotRule> = {},
): SnapshotRule => {
  const [kind, id] = who.split(':') as [SnapshotRule['subject']['kind'], string];
  const subject = kind === 'everybody' ? { kind } : { kind, id };
  return {
    id: `r${String(++made).padStart(6, '0')}`,
    effect,
    subject,
    object,
    absolute: false,
    expiresAt: null,
    ...more,
  };
};
const person = (memberId: string, ...teams: string[]): Principal => ({
  workspaceId: 'w',
  tokenId: `t-${memberId}`,
  kind: 'member',
  memberId,
  machineId: null,
  teams,
  label: '',
  scope: null,
});
const machine: Principal = { ...person('x'), kind: 'machine', memberId: null, machineId: 'ci' };
const token: Principal = { ...person('x'), kind: 'workspace', memberId: null };
const tool = (text: string): PolicyCall => {
  const [serverSlug, name] = text.split(':') as [string, string];
  return { serverSlug, kind: 'tool', name, definition: null };
};
const verdict = (held: Snapshot, who: Principal, text: string, now = at) => decide(held, who, tool(text), now);
const may = (held: Snapshot, who: Principal, text: string, now = at): boolean =>
  verdict(held, who, text, now).effect === 'allow';

describe('an object of a rule', () => {
  it('[L2-01] is read as the sources write it, and nothing else is', () => {
    expect(parseRuleObject('github-mcp:list_issues')).toEqual({
      server: 'github-mcp',
      target: { kind: 'tools', pattern: 'list_issues' },
    });
    expect(parseRuleObject('*')).toEqual({ server: '*', target: { kind: 'everything' } });
    expect(parseRuleObject('github:@read')).toMatchObject({ target: { kind: 'class', toolClass: 'read' } });
    for (const wrong of [
      '',
      ':',
      'a:',
      'A:x',
      'a_b:x',
      'a:@nonsense',
      'a:x y',
      'git*:x',
      `a:${'*'.repeat(9)}`,
      `a:${'x'.repeat(200)}`,
    ]) {
      expect([wrong, parseRuleObject(wrong)]).toEqual([wrong, undefined]);
    }
  });

  it('is read by the policy exactly where the contract accepts its form', () => {
    const part = fc.constantFrom('a', 'a-b', '*', ':', '@read', '@', 'x_y', '**', 'é', ' ', '-');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const text = parts.join('');
        const stars = text.slice(2).split('*').length - 1;
        expect(parseRuleObject(text) !== undefined).toBe(objectForm.test(text) && stars <= 8);
      }),
    );
  });
});

describe('a pattern', () => {
  it('agrees with the obvious meaning of *', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }).map((all) => all.join(''));
    const pattern = fc.array(fc.constantFrom('a', 'b', '.', '*'), { maxLength: 8 }).map((all) => all.join(''));
    const slow = (glob: string, text: string): boolean => {
      if (glob === '') return text === '';
      if (glob[0] === '*') return slow(glob.slice(1), text) || (text !== '' && slow(glob, text.slice(1)));
      return text[0] === glob[0] && slow(glob.slice(1), text.slice(1));
    };
    fc.assert(
      fc.property(pattern, letters, (glob, text) => compileGlob(glob)(text) === slow(glob, text)),
      { numRuns: 2_000 },
    );
  });

  it('takes no longer for text that almost matches', () => {
    const matches = compileGlob(`${'*a'.repeat(8)}b`);
    const started = performance.now();
    for (let i = 0; i < 1_000; i++) matches('a'.repeat(2_000));
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('allow rules', () => {
  const junior = person('junior', 'juniors');

  it('[L2-04] with enforcement on, a member with rules calls what they list and nothing else', () => {
    const held = snapshot([rule('allow', 'member:junior', 'github:list_issues')], enforced);
    expect(may(held, junior, 'github:list_issues')).toBe(true);
    expect(verdict(held, junior, 'github:delete_repo')).toMatchObject({
      effect: 'deny',
      rule: 'not-listed',
      visible: true,
    });
    expect(may(held, junior, 'grafana:get')).toBe(false);
  });

  it('[L2-06] a member without rules has full access in an open workspace, and none in a strict one', () => {
    const rules = [rule('allow', 'member:junior', 'github:list_issues')];
    expect(may(snapshot(rules, enforced), person('senior'), 'github:delete_repo')).toBe(true);
    expect(verdict(snapshot(rules, strict), person('senior'), 'github:delete_repo')).toMatchObject({ rule: 'no-rule' });
    expect(may(snapshot(rules, strict), machine, 'github:list_issues')).toBe(false);
    expect(may(snapshot(rules, strict), token, 'github:delete_repo')).toBe(true);
  });

  it('[L2-03] with enforcement off, what would be refused goes on and says so', () => {
    const held = snapshot([rule('allow', 'member:junior', 'github:list_issues')], observed);
    expect(verdict(held, junior, 'github:delete_repo')).toEqual({
      effect: 'allow',
      rule: 'member',
      wouldDeny: 'not-listed',
    });
    expect(verdict(held, junior, 'github:list_issues')).toMatchObject({
      rule: expect.stringMatching(/^rule:/) as string,
      wouldDeny: null,
    });
    expect(verdict(held, person('senior'), 'github:delete_repo')).toMatchObject({ wouldDeny: null });
  });

  it('[L2-10] classes come from what was set; a tool nobody classified counts as write', () => {
    const held = snapshot([rule('allow', 'everybody', '*:@read')]);
    expect(
      ['list_issues', 'delete_repo', 'unheard_of', '__proto__', 'constructor'].map((name) =>
        may(held, junior, `github:${name}`),
      ),
    ).toEqual([true, false, false, true, false]);
    expect(may(snapshot([rule('allow', 'everybody', '*:@write')]), junior, 'github:unheard_of')).toBe(true);
  });

  it('name tools, prompts, resources or everything of a server', () => {
    const kinds = (object: string) =>
      (['tool', 'prompt', 'resource', 'method'] as const).map(
        (kind) =>
          decide(
            snapshot([rule('allow', 'everybody', object)]),
            junior,
            { serverSlug: 'github', kind, name: 'x', definition: null },
            at,
          ).effect === 'allow',
      );
    expect(kinds('github')).toEqual([true, true, true, true]);
    expect(kinds('github:*')).toEqual([true, false, false, false]);
    expect(kinds('github:@prompts')).toEqual([false, true, false, false]);
    expect(kinds('*:@resources')).toEqual([false, false, true, false]);
    expect(kinds('grafana')).toEqual([false, false, false, false]);
  });

  it('[NEW-15] end at their moment and not before, and who has an ended one is still somebody with rules', () => {
    const held = snapshot([rule('allow', 'member:junior', 'github:list_issues', { expiresAt: iso(at) })], enforced);
    expect(may(held, junior, 'github:list_issues', at - 1)).toBe(true);
    expect(may(held, junior, 'github:list_issues', at)).toBe(false);
    expect(may(held, junior, 'grafana:get', at)).toBe(false);
    expect([unchangedUntil(held, at - 1), unchangedUntil(held, at)]).toEqual([at, Infinity]);
  });
});

describe('deny rules', () => {
  it('[L2-09] win over every allow rule, in every mode', () => {
    for (const access of [strict, enforced, observed]) {
      const held = snapshot(
        [rule('allow', 'member:a', 'github:list_issues'), rule('deny', 'team:t', 'github:list_*')],
        access,
      );
      expect(verdict(held, person('a', 't'), 'github:list_issues')).toMatchObject({ effect: 'deny', visible: true });
      expect(may(held, person('a'), 'github:list_issues')).toBe(true);
    }
  });

  it('bind workspace tokens only when absolute', () => {
    const deny = (absolute: boolean) =>
      snapshot([rule('deny', 'everybody', 'github:delete_*', { absolute })], observed);
    expect(may(deny(false), token, 'github:delete_repo')).toBe(true);
    expect(may(deny(true), token, 'github:delete_repo')).toBe(false);
    expect(may(deny(false), machine, 'github:delete_repo')).toBe(false);
  });

  it('that nobody can read deny everything they could mean', () => {
    expect(may(snapshot([rule('deny', 'everybody', 'no such form')], observed), machine, 'grafana:get')).toBe(false);
    expect(may(snapshot([rule('allow', 'everybody', 'no such form')]), machine, 'grafana:get')).toBe(false);
  });
});

it('[REG-05] a server is unknown to those it is not shown to, and its workspace token sees it', () => {
  const visibility = [
    { kind: 'team', id: 'leads' },
    { kind: 'machine', id: 'ci' },
  ] as const;
  const held = snapshot([rule('allow', 'everybody', '*')], strict, [server('deploy', { visibility })]);
  const answers = [person('a'), person('b', 'leads'), machine, token].map((who) => [
    may(held, who, 'deploy:x'),
    maySee(held, who, 'deploy'),
  ]);
  expect(answers).toEqual([
    [false, false],
    [true, true],
    [true, true],
    [true, true],
  ]);
  expect(verdict(held, person('a'), 'deploy:x')).toEqual(verdict(held, person('a'), 'nothing:x'));
});

describe('any rules at all', () => {
  const who = fc.constantFrom(person('a'), person('b', 't'), person('a', 't', 'u'), machine, token);
  const subject = fc.constantFrom('everybody', 'member:a', 'member:b', 'team:t', 'team:u', 'machine:ci');
  const objects = [
    '*',
    'github',
    'github:list_issues',
    'github:*_repo',
    '*:*',
    'github:@read',
    '*:@write',
    'grafana:@destructive',
    'github:@prompts',
    '*:@resources',
  ];
  const some = fc.record({
    effect: fc.constantFrom('allow' as const, 'deny' as const),
    subject,
    object: fc.constantFrom(...objects),
    ends: fc.constantFrom(null, at - 1, at, at + 1),
  });
  const rules = fc.array(
    some.map((one) =>
      rule(one.effect, one.subject, one.object, { expiresAt: one.ends === null ? null : iso(one.ends) }),
    ),
    { maxLength: 12 },
  );
  const access = fc.constantFrom(strict, enforced, observed);
  const call = fc.record({
    serverSlug: fc.constantFrom('github', 'grafana', 'gone'),
    kind: fc.constantFrom('tool' as const, 'prompt' as const, 'resource' as const, 'method' as const),
    name: fc.constantFrom('list_issues', 'delete_repo', 'x', '__proto__'),
    definition: fc.constantFrom(null, 'hash', undefined),
  });
  const all = { numRuns: 1_000 };

  it('decide in no order of their own', () => {
    const turned = rules.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(turned, access, who, call, ([list, other], mode, caller, asked) => {
        expect(decide(snapshot(other, mode), caller, asked, at)).toEqual(
          decide(snapshot(list, mode), caller, asked, at),
        );
      }),
      all,
    );
  });

  it('[L2-09] a live deny rule that is about a call refuses it, and in a strict workspace only a live allow rule allows', () => {
    fc.assert(
      fc.property(rules, access, who, call, (list, mode, caller, asked) => {
        const held = snapshot(list, mode);
        const live = list.filter((one) => one.expiresAt === null || Date.parse(one.expiresAt) > at);
        const about = live.filter((one) => ruleMatcher(held, one)(caller, asked));
        const { effect } = decide(held, caller, asked, at);
        if (asked.serverSlug === 'gone' || about.some((one) => one.effect === 'deny')) expect(effect).toBe('deny');
        else if (caller.kind === 'workspace') expect(effect).toBe('allow');
        else if (mode === strict) expect(effect).toBe(about.length > 0 ? 'allow' : 'deny');
        else if (about.length > 0 || mode === observed) expect(effect).toBe('allow');
      }),
      all,
    );
  });

  it('one more allow rule takes nothing from anybody it does not name, and one more deny rule gives nothing', () => {
    fc.assert(
      fc.property(rules, some, access, who, call, (list, one, mode, caller, asked) => {
        const before = decide(snapshot(list, mode), caller, asked, at).effect;
        const more = snapshot([...list, rule(one.effect, one.subject, one.object)], mode);
        const after = decide(more, caller, asked, at).effect;
        if (one.effect === 'deny') expect([before, after]).not.toEqual(['deny', 'allow']);
        else if (mode === strict) expect([before, after]).not.toEqual(['allow', 'deny']);
        else if (!names(one.subject, caller)) expect(after).toBe(before);
      }),
      all,
    );
  });

  it('callers with the same key are answered alike', () => {
    fc.assert(
      fc.property(rules, access, who, who, call, (list, mode, one, other, asked) => {
        const held = snapshot(list, mode);
        if (viewKey(held, one) !== viewKey(held, other)) return;
        expect(decide(held, one, asked, at).effect).toBe(decide(held, other, asked, at).effect);
      }),
      all,
    );
  });

  it('the same is decided each time', () => {
    fc.assert(
      fc.property(rules, access, who, call, (list, mode, caller, asked) => {
        const held = snapshot(list, mode);
        const first = decide(held, caller, asked, at);
        expect(decide(held, caller, asked, at)).toEqual(first);
        expect(decide({ ...held }, { ...caller }, asked, at)).toEqual(first);
      }),
      all,
    );
  });
});

function names(subject: string, { memberId, machineId, teams, kind }: Principal): boolean {
  if (kind === 'workspace') return false;
  return (
    subject === 'everybody' ||
    [`member:${memberId}`, `machine:${machineId}`, ...teams.map((team) => `team:${team}`)].includes(subject)
  );
}
