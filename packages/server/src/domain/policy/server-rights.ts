import type { ToolClass } from '@mcpnest/contract/rule-form';
import type { SnapshotServer } from '../snapshot.ts';
import { approvalsOf, type Approvals } from './approvals.ts';
import { compileGlob } from './glob.ts';
import type { RuleTarget } from './rule-object.ts';
import { classesOf, unclassified } from './tool-class.ts';
import { silence, verdictOf, type Clause, type Verdict } from './verdict.ts';

/** A clause with what it is about on the server. */
export interface TargetedClause {
  readonly target: RuleTarget;
  readonly clause: Clause;
}

/** Verdicts about tools kept for the next call; names come from lists, so more than these mean that a list keeps changing. */
const mostKept = 10_000;

/** What the rules of one caller say about one server. Answers from memory after the first time. */
export class ServerRights {
  readonly #everything: readonly Clause[];
  readonly #exact = new Map<string, Clause[]>();
  readonly #globs: readonly { readonly matches: (name: string) => boolean; readonly clause: Clause }[];
  readonly #byClass: ReadonlyMap<ToolClass, readonly Clause[]>;
  readonly #classes: ReadonlyMap<string, ToolClass>;
  readonly #kept = new Map<string, Verdict>();
  readonly #approvals: Approvals;
  readonly #silent: boolean;
  /** Approved definitions by tool; undefined where the server is not pinned. */
  readonly pins: ReadonlyMap<string, string> | undefined;
  readonly prompt: Verdict;
  readonly resource: Verdict;
  /** Of methods of extensions. */
  readonly method: Verdict;

  /** @param pins approved definitions by tool, shared by all callers; undefined where the server is not pinned */
  constructor(
    server: SnapshotServer,
    clauses: readonly TargetedClause[],
    pins: ReadonlyMap<string, string> | undefined,
  ) {
    const of = (kind: RuleTarget['kind']): Clause[] =>
      clauses.filter(({ target }) => target.kind === kind).map(({ clause }) => clause);
    const globs: { matches: (name: string) => boolean; clause: Clause }[] = [];
    const byClass = new Map<ToolClass, Clause[]>();
    for (const { target, clause } of clauses) {
      if (target.kind === 'class') add(byClass, target.toolClass, clause);
      if (target.kind !== 'tools') continue;
      if (target.pattern.includes('*')) globs.push({ matches: compileGlob(target.pattern), clause });
      else add(this.#exact, target.pattern, clause);
    }
    this.#everything = of('everything');
    this.#globs = globs;
    this.#byClass = byClass;
    this.#classes = classesOf(server);
    this.#approvals = approvalsOf(server.approvals ?? []);
    this.#silent = clauses.length === 0 && (server.approvals ?? []).length === 0;
    this.pins = pins;
    this.prompt = verdictOf([...this.#everything, ...of('prompts')]);
    this.resource = verdictOf([...this.#everything, ...of('resources')]);
    this.method = verdictOf(this.#everything);
  }

  tool(name: string): Verdict {
    if (this.#silent) return silence;
    const kept = this.#kept.get(name);
    if (kept !== undefined) return kept;
    const toolClass = this.#classes.get(name) ?? unclassified;
    const ruled = verdictOf([
      ...this.#everything,
      ...(this.#exact.get(name) ?? []),
      ...(this.#byClass.get(toolClass) ?? []),
      ...this.#globs.filter(({ matches }) => matches(name)).map(({ clause }) => clause),
    ]);
    const verdict = { ...ruled, approval: this.#approvals(name, toolClass) };
    if (this.#kept.size >= mostKept) this.#kept.clear();
    this.#kept.set(name, verdict);
    return verdict;
  }
}

function add<Key>(map: Map<Key, Clause[]>, key: Key, clause: Clause): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [clause]);
  else known.push(clause);
}
