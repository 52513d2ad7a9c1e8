import { randomUUID } from 'node:crypto';

export interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    creationTimestamp: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { kind: string; name: string; uid: string }[];
    deletionTimestamp?: string;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [field: string]: unknown;
}

/** A refusal as the API server words it (`meta/v1` Status). */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

/** Objects by plural and name, with versions, as etcd has them behind an API server. */
export class Store {
  readonly #objects = new Map<string, StoredObject>();
  #version = 1;
  /** Called after every change. */
  onChange: () => void = () => undefined;

  all(plural: string): StoredObject[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object);
  }

  get(plural: string, name: string): StoredObject | undefined {
    return this.#objects.get(`${plural}/${name}`);
  }

  create(plural: string, namespace: string, body: Record<string, unknown>): StoredObject {
    const metadata = body['metadata'] as StoredObject['metadata'];
    if (this.get(plural, metadata.name) !== undefined) {
      throw new StatusError(409, 'AlreadyExists', `${plural} "${metadata.name}" already exists`);
    }
    const object = {
      ...structuredClone(body),
      metadata: {
        ...structuredClone(metadata),
        namespace,
        uid: randomUUID(),
        resourceVersion: `${this.#version++}`,
        generation: 1,
        // Whole seconds, as Kubernetes writes them.
        creationTimestamp: now(),
      },
    } as StoredObject;
    this.#objects.set(`${plural}/${metadata.name}`, object);
    this.onChange();
    return object;
  }

  /** RFC 7386. @throws StatusError 409 for another uid */
  merge(plural: string, name: string, patch: Record<string, unknown>): StoredObject {
    const object = this.get(plural, name);
    if (object === undefined) throw new StatusError(404, 'NotFound', `${plural} "${name}" not found`);
    const uid = (patch['metadata'] as { uid?: string } | undefined)?.uid;
    if (uid !== undefined && uid !== object.metadata.uid) throw new StatusError(409, 'Conflict', 'uid mismatch');
    const merged = mergePatch(object, patch) as StoredObject;
    merged.metadata.resourceVersion = `${this.#version++}`;
    if (JSON.stringify(merged.spec) !== JSON.stringify(object.spec)) merged.metadata.generation += 1;
    this.#objects.set(`${plural}/${name}`, merged);
    this.onChange();
    return merged;
  }

  remove(plural: string, name: string): void {
    if (this.#objects.delete(`${plural}/${name}`)) this.onChange();
  }
}

/** Equality requirements of a label selector, which is all that is asked here. */
export function matches(labels: Record<string, string> | undefined, selector: string): boolean {
  return selector
    .split(',')
    .filter((part) => part !== '')
    .every((part) => {
      const [name, value] = part.split('=');
      return labels?.[name!] === value;
    });
}

export const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return structuredClone(patch);
  const base = typeof target === 'object' && target !== null && !Array.isArray(target) ? target : {};
  const merged: Record<string, unknown> = structuredClone(base) as Record<string, unknown>;
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}
