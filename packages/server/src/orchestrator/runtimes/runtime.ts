/** One container that shall run: made by `spec.ts` from an instance and its reviewed entry, and by nothing else. */
export interface WorkloadSpec {
  /** Id of the instance; the runtime's objects are named after it. */
  readonly instanceId: string;
  readonly workspaceId: string;
  /** Name, and the digest (`sha256:…`) it must have; the digest is what runs. */
  readonly image: { readonly name: string; readonly digest: string };
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly pids: number;
  /** Folders in memory, `/tmp` among them; all noexec, nosuid, nodev. */
  readonly scratch: readonly { readonly path: string; readonly bytes: number }[];
  /** Hosts it may reach on port 443 through the filtering proxy; empty: none. */
  readonly egress: readonly string[];
  /** Addresses it may reach with any protocol over TCP, each under a name and port of its own. */
  readonly forwards: readonly Forward[];
  /** Settings of the bridge that are no secret (`MCP_BRIDGE_…`). */
  readonly settings: Readonly<Record<string, string>>;
  /** SHA-256 of all of the above; a workload with another one is replaced. */
  readonly hash: string;
}

/** One address outside, and what stands for it inside. */
export interface Forward {
  /** The name that leads there from inside the container. */
  readonly name: string;
  /** The port it is reached on there. */
  readonly listens: number;
  /** A name, resolved at each connection, or an IPv4 address. */
  readonly host: string;
  readonly port: number;
  /** An owner has opened it; otherwise it must be public. */
  readonly opened: boolean;
}

/**
 * What a container must know and nobody else: handed to the bridge when it starts, through its standard input or a
 * file in memory, so that it is neither in the engine's records nor on a disk.
 */
export interface WorkloadSecrets {
  /** The command with its values in place. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Bearer token the bridge asks callers for. */
  readonly token: string;
}

/** What the runtime has of ours. */
export interface ObservedWorkload {
  readonly instanceId: string;
  readonly workspaceId: string;
  readonly specHash: string;
  /** `paused`: it is all there and gets no processor. */
  readonly state: 'created' | 'running' | 'paused' | 'exited';
  /** Of one that exited; null where the engine does not know. */
  readonly exitCode: number | null;
  /** The kernel ended it for its memory. */
  readonly outOfMemory: boolean;
  /** ISO 8601 UTC; null before it first ran. */
  readonly startedAt: string | null;
  /** Where its bridge is reached from here while it runs. */
  readonly endpoint: { readonly host: string; readonly port: number } | null;
}

export interface WorkloadUsage {
  /** Since the container started. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  /** Null where the runtime cannot count them. */
  readonly pids: number | null;
}

export interface LogLine {
  /** ISO 8601 UTC, from the engine. */
  readonly at: string;
  readonly stream: 'stdout' | 'stderr';
  /** At most 8 KiB; control characters are still in it. */
  readonly text: string;
}

/**
 * What the orchestrator can ask of whatever runs containers; the whole of what holds an engine or a cluster. Every
 * object carries the installation's label, and no verb sees or touches another. All are safe to repeat, and throw
 * AppError `unavailable` when the engine cannot be reached.
 */
export interface Runtime extends AsyncDisposable {
  readonly kind: 'docker' | 'kubernetes';
  /** Every workload of this installation. */
  list(signal?: AbortSignal): Promise<readonly ObservedWorkload[]>;
  /**
   * See that the image is there under its digest; pull it only where it is missing.
   * @throws AppError `unavailable` naming image and reason
   */
  ensureImage(image: WorkloadSpec['image'], signal?: AbortSignal): Promise<'present' | 'pulled'>;
  /**
   * Make and start it, with network and way out. One with another spec is replaced, one that runs is left alone, and
   * one that is paused goes on where it was.
   */
  start(spec: WorkloadSpec, secrets: WorkloadSecrets, signal?: AbortSignal): Promise<ObservedWorkload>;
  /**
   * Give it no processor until it is started again, and keep its memory. Where that cannot be had it is removed;
   * either way it does not run.
   */
  rest(instanceId: string, signal?: AbortSignal): Promise<void>;
  /** End it and keep nothing running; within the grace its work may finish. */
  stop(instanceId: string, graceMs: number, signal?: AbortSignal): Promise<void>;
  /** Remove it with all that is its own; the network, too, when it was the last of its workspace. */
  remove(instanceId: string, signal?: AbortSignal): Promise<void>;
  /** What it said, oldest first; with `follow` until it ends or the signal comes. */
  logs(
    instanceId: string,
    wanted: { readonly tail: number; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<LogLine>;
  /** Null: it does not run. */
  usage(instanceId: string, signal?: AbortSignal): Promise<WorkloadUsage | null>;
}
