import { StatusError } from './store.ts';

/** One rule of a Role (`rbac.authorization.k8s.io/v1`). */
export interface AccessRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** What a request needs: `group/resource verb`, the core group being empty. */
export const needed = (group: string, resource: string, verb: string): string => `${group}/${resource} ${verb}`;

/** Everything that rules allow, one by one. */
export const allowedBy = (rules: readonly AccessRule[]): Set<string> =>
  new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => needed(group, resource, verb)))),
    ),
  );

/** Lets through what the rules allow, and remembers what was asked. */
export class AccessControl {
  readonly asked = new Set<string>();
  readonly #allowed: ReadonlySet<string>;

  constructor(rules: readonly AccessRule[]) {
    this.#allowed = allowedBy(rules);
  }

  /** @throws StatusError 403 */
  check(group: string, resource: string, verb: string): void {
    const what = needed(group, resource, verb);
    this.asked.add(what);
    if (!this.#allowed.has(what)) throw new StatusError(403, 'Forbidden', `cannot ${what}`);
  }
}
