import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, type Decision, type PolicyCall, type Principal } from '../policy.ts';
import {
  defaultServerLimits,
  defaultWorkspaceSettings,
  type AccessSettings,
  type Snapshot,
  type SnapshotApproval,
  type SnapshotRule,
} from '../snapshot.ts';

const setting = (target: string, expiresInMinutes = 60): SnapshotApproval => ({
  target,
  approvers: [],
  expiresInMinutes,
});
const modes: readonly AccessSettings[] = [
  { preset: 'open', enforcement: false },
  { preset: 'open', enforcement: true },
  { preset: 'strict', enforcement: true },
];
const rule = (effect: 'allow' | 'deny', object: string): SnapshotRule => ({
  id: `${effect}-${object}`,
  effect,
  subject: { kind: 'everybody' },
  object,
  absolute: effect === 'deny',
  expiresAt: null,
});
const snapshot = (
  approvals: readonly SnapshotApproval[],
  access: AccessSettings = modes[0]!,
  rules: readonly SnapshotRule[] = [],
): Snapshot => ({
  format: 1,
  version: 1,
  workspace: { id: 'w', slug: 'acme', name: 'Acme' },
  settings: { ...defaultWorkspaceSettings, access },
  servers: [
    {
      id: 'id-github',
      slug: 'github',
      name: 'github',
      url: 'https://x.example',
      prefix: null,
      revision: 1,
      credential: null,
      limits: defaultServerLimits,
      toolClasses: [['delete_repo', 'destructive']],
      approvals,
    },
  ],
  disabledServerIds: [],
  tokens: [],
  networkAllow: [],
  rules,
});
const caller = (kind: Principal['kind']): Principal => ({
  workspaceId: 'w',
  tokenId: `t-${kind}`,
  kind,
  memberId: kind === 'member' ? 'm' : null,
  machineId: kind === 'machine' ? 'ci' : null,
  teams: [],
  label: '',
  scope: null,
});
const callers = [caller('workspace'), caller('member'), caller('machine')];
const call = (name: string, more: Partial<PolicyCall> = {}): PolicyCall => ({
  serverSlug: 'github',
  kind: 'tool',
  name,
  definition: undefined,
  ...more,
});
const needed = (decision: Decision): SnapshotApproval | undefined =>
  decision.effect === 'allow' ? decision.approval : undefined;

describe('a tool whose calls need approval', () => {
  it('[REG-08][L2-10] needs it in every mode and for every kind of token', () => {
    for (const access of modes) {
      const held = snapshot([setting('@destructive')], access, [rule('allow', '*')]);
      for (const who of callers) {
        expect(decide(held, who, call('delete_repo'), 0)).toMatchObject({ effect: 'allow', approval: {} });
        expect(needed(decide(held, who, call('list_issues'), 0))).toBeUndefined();
      }
    }
  });

  it('[REG-08] is refused where a rule denies it: approval gives nothing', () => {
    const held = snapshot([setting('*')], modes[0], [rule('deny', 'github:delete_*')]);
    for (const who of callers) expect(decide(held, who, call('delete_repo'), 0).effect).toBe('deny');
  });

  it('is found by its name first, then by a pattern, then by its class', () => {
    const all = [setting('@destructive', 5), setting('delete_*', 6), setting('delete_repo', 7)];
    const minutes = (settings: readonly SnapshotApproval[], name: string) =>
      needed(decide(snapshot(settings), callers[1]!, call(name), 0))?.expiresInMinutes;
    expect(minutes(all, 'delete_repo')).toBe(7);
    expect(minutes(all.slice(0, 2), 'delete_repo')).toBe(6);
    expect(minutes(all.slice(0, 1), 'delete_repo')).toBe(5);
    expect(minutes(all, 'delete_issue')).toBe(6);
    expect(minutes(all, 'create_issue')).toBeUndefined();
  });

  it('needs it also by a setting that nobody can read, and concerns tools only', () => {
    const held = snapshot([setting('@nothing known')]);
    expect(needed(decide(held, callers[0]!, call('anything'), 0))).toBeDefined();
    for (const kind of ['prompt', 'resource', 'method'] as const)
      expect(needed(decide(held, callers[0]!, call('anything', { kind }), 0))).toBeUndefined();
  });

  it('needs none to go on with what was let through', () => {
    expect(needed(decide(snapshot([setting('*')]), callers[1]!, call('x', { follows: true }), 0))).toBeUndefined();
  });

  it('[REG-08] is held back before anybody is asked while its definition is not the approved one', () => {
    const held = snapshot([setting('*')]);
    const pinned = {
      ...held,
      servers: held.servers.map((server) => ({ ...server, pins: [['delete_repo', 'h1']] as const })),
    };
    for (const who of callers) {
      expect(decide(pinned, who, call('delete_repo', { definition: 'h2' }), 0)).toMatchObject({
        effect: 'deny',
        rule: 'pin:changed',
      });
      expect(needed(decide(pinned, who, call('delete_repo', { definition: 'h1' }), 0))).toBeDefined();
    }
  });

  it('[GW-18] is allowed or refused exactly as without the setting, so lists and calls agree', () => {
    const target = fc.constantFrom('*', 'delete_repo', 'list_*', '@write', '@destructive');
    const rules = fc.subarray([rule('allow', 'github:delete_repo'), rule('deny', '*:list_*'), rule('allow', '*')]);
    fc.assert(
      fc.property(
        fc.array(target),
        fc.constantFrom(...modes),
        rules,
        fc.constantFrom(...callers),
        fc.constantFrom('delete_repo', 'list_issues', 'other'),
        (targets, access, some, who, name) => {
          const approvals = targets.map((text) => setting(text));
          const plain = decide(snapshot([], access, some), who, call(name), 0);
          const { approval: _, ...rest } = {
            approval: undefined,
            ...decide(snapshot(approvals, access, some), who, call(name), 0),
          };
          expect(rest).toEqual(plain);
        },
      ),
    );
  });
});
