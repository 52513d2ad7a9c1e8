import type { Snapshot, SnapshotStop } from '../snapshot.ts';
import type { Decision } from './decision.ts';
import type { Principal } from './principal.ts';

/** What is called, as far as a stop can be about it. */
interface Stoppable {
  readonly serverSlug: string;
  readonly kind: string;
  readonly name: string;
}

/** A stop as it takes part in decisions; these are made once, so that deciding makes nothing. */
interface Halt {
  /** Milliseconds since the epoch; Infinity = until it is lifted. */
  readonly until: number;
  readonly refused: Decision;
  readonly hidden: Decision;
}

/** By what they are about. */
type Halts = ReadonlyMap<string, Halt>;

const compiled = new WeakMap<Snapshot, Halts>();

function haltsOf(snapshot: Snapshot, stops: readonly SnapshotStop[]): Halts {
  let halts = compiled.get(snapshot);
  if (halts === undefined) {
    const slugs = new Map(snapshot.servers.map(({ id, slug }) => [id, slug]));
    const own = stops.map((stop) => [keyOf(stop, slugs), haltOf(stop)] as const);
    const owned = stops.flatMap((stop) =>
      (stop.machines ?? []).map((id) => [ownedKey(id), haltOf(stop, along)] as const),
    );
    compiled.set(snapshot, (halts = new Map([...own, ...owned])));
  }
  return halts;
}

/** Of a machine that is stopped with its owner. A machine has one owner, and a member one stop. */
const ownedKey = (machineId: string): string => `owned:${machineId}`;
const along = 'the member who answers for this machine, and it with them';

function keyOf({ kind, targetId, tool }: SnapshotStop, slugs: ReadonlyMap<string, string>): string {
  if (kind === 'server') return `server:${slugs.get(targetId)}`;
  return kind === 'tool' ? `tool:${slugs.get(targetId)}:${tool}` : `${kind}:${targetId}`;
}

const about: Readonly<Record<SnapshotStop['kind'], string>> = {
  member: 'everything you call here',
  machine: 'everything you call here',
  token: 'everything you call with this token',
  server: 'this server',
  tool: 'this tool',
};

function haltOf({ id, kind, expiresAt }: SnapshotStop, what = about[kind]): Halt {
  const rule = `stop:${id}`;
  const reason = `An administrator has stopped ${what} (${id}). Ask them before you try again.`;
  return {
    until: expiresAt === null ? Infinity : Date.parse(expiresAt),
    refused: { effect: 'deny', rule, reason, visible: true },
    hidden: { effect: 'deny', rule, reason, visible: false },
  };
}

/** The stop that holds for a caller whatever they call. */
export function stoppedCaller(snapshot: Snapshot, principal: Principal, at: number): Halt | undefined {
  const { stops } = snapshot;
  if (stops === undefined || stops.length === 0) return undefined;
  const halts = haltsOf(snapshot, stops);
  const { tokenId, memberId, machineId } = principal;
  return (
    holding(halts.get(`token:${tokenId}`), at) ??
    (memberId === null ? undefined : holding(halts.get(`member:${memberId}`), at)) ??
    (machineId === null
      ? undefined
      : (holding(halts.get(`machine:${machineId}`), at) ?? holding(halts.get(ownedKey(machineId)), at)))
  );
}

/** The stop that holds for everything of a server, whoever calls. */
export function stoppedServer(snapshot: Snapshot, slug: string, at: number): Halt | undefined {
  const { stops } = snapshot;
  return stops === undefined || stops.length === 0
    ? undefined
    : holding(haltsOf(snapshot, stops).get(`server:${slug}`), at);
}

/**
 * The stop that holds for a call: of its caller, its server or its tool, in this order.
 * @param at milliseconds since the epoch
 */
export function stopOf(snapshot: Snapshot, principal: Principal, call: Stoppable, at: number): Halt | undefined {
  const { stops } = snapshot;
  if (stops === undefined || stops.length === 0) return undefined;
  return (
    stoppedCaller(snapshot, principal, at) ??
    stoppedServer(snapshot, call.serverSlug, at) ??
    (call.kind === 'tool'
      ? holding(haltsOf(snapshot, stops).get(`tool:${call.serverSlug}:${call.name}`), at)
      : undefined)
  );
}

/** Whether a server, or one tool of it, is stopped for everybody. */
export const isToolStopped = (snapshot: Snapshot, slug: string, tool: string, at: number): boolean =>
  stoppedServer(snapshot, slug, at) !== undefined ||
  holding(haltsOf(snapshot, snapshot.stops ?? []).get(`tool:${slug}:${tool}`), at) !== undefined;

const holding = (halt: Halt | undefined, at: number): Halt | undefined =>
  halt !== undefined && halt.until > at ? halt : undefined;

/** When the next stop ends by itself after a moment, in milliseconds since the epoch; Infinity: none does. */
export function nextStopEnd(snapshot: Snapshot, at: number): number {
  const ends = (snapshot.stops ?? []).map(({ expiresAt }) => (expiresAt === null ? Infinity : Date.parse(expiresAt)));
  return Math.min(...ends.filter((end) => end > at));
}
