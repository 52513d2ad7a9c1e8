import {
  defaultWorkspaceSettings,
  type Snapshot,
  type SnapshotRule,
  type SnapshotServer,
  type Subject,
} from '../snapshot.ts';
import type { Principal } from './principal.ts';
import { parseRuleObject, type RuleObject } from './rule-object.ts';
import { ServerRights } from './server-rights.ts';
import { clauseOf, type Clause } from './verdict.ts';

/** What holds for a caller where no rule speaks. */
export type Otherwise = 'allowed' | 'observed' | 'not-listed' | 'no-rule';

/** What a snapshot means for one caller, or for all callers it means the same for. */
export interface Rights {
  /** Equal for callers who may use the same, as far as rules and visibility go. */
  readonly key: string;
  readonly otherwise: Otherwise;
  /** By slug, the servers the caller may know of. */
  readonly servers: ReadonlyMap<string, ServerRights>;
}

interface ReadRule {
  readonly rule: SnapshotRule;
  readonly object: RuleObject;
  readonly clause: Clause;
}

/** A snapshot's rules, read once. */
class CompiledPolicy {
  readonly #snapshot: Snapshot;
  readonly #bySubject: ReadonlyMap<string, readonly ReadRule[]>;
  readonly #named: ReadonlySet<string>;
  readonly #rights = new Map<string, Rights>();
  /** By slug, of servers that are pinned. */
  readonly #pins: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Milliseconds since the epoch, in order. */
  readonly #expiries: readonly number[];

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    const rules = (snapshot.rules ?? []).flatMap((rule): ReadRule[] => {
      const object = parseRuleObject(rule.object);
      // Control stores only what can be read; were it otherwise, nobody must gain by it.
      if (object === undefined && rule.effect === 'allow') return [];
      return [{ rule, object: object ?? { server: '*', target: { kind: 'everything' } }, clause: clauseOf(rule) }];
    });
    this.#bySubject = Map.groupBy(rules, ({ rule }) => subjectKey(rule.subject));
    const shownTo = snapshot.servers.flatMap((server) => (visibilityOf(server) ?? []).map(subjectKey));
    this.#named = new Set([...this.#bySubject.keys(), ...shownTo]);
    this.#pins = new Map(
      snapshot.servers.flatMap(({ slug, pins }) => ((pins ?? null) === null ? [] : [[slug, new Map(pins)] as const])),
    );
    this.#expiries = [...new Set(rules.map(({ clause }) => clause.until).filter(Number.isFinite))].sort(
      (a, b) => a - b,
    );
  }

  rightsOf(principal: Principal): Rights {
    const subjects = subjectsOf(principal).filter((subject) => this.#named.has(subject));
    const key = principal.kind === 'workspace' ? 'workspace' : subjects.sort().join(' ');
    let rights = this.#rights.get(key);
    if (rights === undefined) this.#rights.set(key, (rights = this.#compile(key, principal, subjects)));
    return rights;
  }

  nextExpiry(at: number): number {
    return this.#expiries.find((expiry) => expiry > at) ?? Infinity;
  }

  #compile(key: string, principal: Principal, subjects: readonly string[]): Rights {
    const everyones = this.#bySubject.get(everybody) ?? [];
    const all = principal.kind === 'workspace';
    const rules = all
      ? everyones.filter(({ rule }) => rule.effect === 'deny' && rule.absolute)
      : [...everyones, ...subjects.flatMap((subject) => this.#bySubject.get(subject) ?? [])];
    const mine = new Set(subjects);
    const byServer = Map.groupBy(rules, ({ object }) => object.server);
    const anywhere = byServer.get('*') ?? [];
    const servers = this.#snapshot.servers
      .filter((server) => {
        const visibility = visibilityOf(server);
        if (all) return (server.hosted?.memberId ?? null) === null;
        return visibility === null || visibility.some(isOf(mine));
      })
      .map((server) => {
        const about = [...anywhere, ...(byServer.get(server.slug) ?? [])];
        const clauses = about.map(({ object, clause }) => ({ target: object.target, clause }));
        return [server.slug, new ServerRights(server, clauses, this.#pins.get(server.slug))] as const;
      });
    const listed = rules.some(({ rule }) => rule.effect === 'allow');
    return { key, otherwise: all ? 'allowed' : this.#otherwise(listed), servers: new Map(servers) };
  }

  #otherwise(listed: boolean): Otherwise {
    const { preset, enforcement } = this.#snapshot.settings.access ?? defaultWorkspaceSettings.access;
    if (preset === 'strict') return 'no-rule';
    if (!listed) return 'allowed';
    return enforcement ? 'not-listed' : 'observed';
  }
}

const everybody = 'everybody';

/** An instance that holds a member's own credentials is theirs alone, whatever is set. */
function visibilityOf({ visibility, hosted }: SnapshotServer): readonly Subject[] | null {
  const memberId = hosted?.memberId ?? null;
  return memberId === null ? (visibility ?? null) : [{ kind: 'member', id: memberId }];
}

export const subjectKey = (subject: Subject): string =>
  subject.kind === 'everybody' ? everybody : `${subject.kind}:${subject.id}`;

const isOf =
  (mine: ReadonlySet<string>) =>
  (subject: Subject): boolean =>
    subject.kind === 'everybody' || mine.has(subjectKey(subject));

/** Whom a caller counts as, besides everybody. A workspace token is nobody in particular. */
export function subjectsOf({ kind, memberId, machineId, teams }: Principal): string[] {
  if (kind === 'member') return [`member:${memberId}`, ...teams.map((team) => `team:${team}`)];
  return kind === 'machine' ? [`machine:${machineId}`] : [];
}

const compiled = new WeakMap<Snapshot, CompiledPolicy>();
const known = new WeakMap<Principal, { readonly snapshot: Snapshot; readonly rights: Rights }>();

function policyOf(snapshot: Snapshot): CompiledPolicy {
  let policy = compiled.get(snapshot);
  if (policy === undefined) compiled.set(snapshot, (policy = new CompiledPolicy(snapshot)));
  return policy;
}

/** What a snapshot means for a caller of its workspace. Found out once for each of both. */
export function rightsOf(snapshot: Snapshot, principal: Principal): Rights {
  const before = known.get(principal);
  if (before !== undefined && before.snapshot === snapshot) return before.rights;
  const rights = policyOf(snapshot).rightsOf(principal);
  known.set(principal, { snapshot, rights });
  return rights;
}

/** When the next rule ends after a moment, in milliseconds since the epoch: until then nothing changes by itself. */
export const nextExpiry = (snapshot: Snapshot, at: number): number => policyOf(snapshot).nextExpiry(at);
