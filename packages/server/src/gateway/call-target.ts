import type { SnapshotServer } from '../domain/snapshot.ts';
import type { Definition } from './definitions.ts';

/** What a request means: a tool, a prompt or a resource of one server. */
export interface CallTarget {
  readonly server: SnapshotServer;
  /** What it is judged and recorded by. */
  readonly definition: Definition;
  /** What the server is asked for: the definition's own name, or the URI a template expanded to. */
  readonly name: string;
}

/** As much of a target as stops are about. */
export interface TargetNames {
  readonly server: Pick<SnapshotServer, 'slug'>;
  readonly definition: Pick<Definition, 'name'>;
}
