import type { decide } from '../domain/policy.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Approvals } from './approvals/approvals.ts';
import type { ParkedCalls } from './bridge/parked-calls.ts';
import type { Ending } from './bridge/parking.ts';
import type { RequestStates } from './bridge/request-state.ts';
import type { TaskNames } from './bridge/task-names.ts';
import type { Waiting } from './bridge/waiting.ts';
import type { Catalogue } from './catalogue.ts';
import type { Connections } from './connections.ts';
import type { Cursors } from './cursors.ts';
import type { HealthBoard } from './health.ts';
import type { Caller, Inbound } from './inbound.ts';
import type { Concurrency, RateLimits } from './limits.ts';
import type { RenderedList } from './list.ts';
import type { Recorder } from './recorder.ts';
import type { ReplayMemory } from './replay/replay-memory.ts';
import type { Replies } from './reply.ts';
import type { ClientSessions } from './sessions.ts';
import type { ListChanges } from './streams/list-changes.ts';
import type { Seat, Viewer } from './streams/seat.ts';
import type { StreamKeeper } from './streams/stream-keeper.ts';
import type { ResourceWatching } from './streams/subscriptions.ts';
import type { Upstreams } from './upstreams/pool.ts';

/** What the methods of the gateway work with. */
export interface GatewayDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly decide: typeof decide;
  readonly catalogue: Catalogue;
  readonly upstreams: Upstreams;
  readonly health: HealthBoard;
  readonly limits: RateLimits;
  readonly concurrency: Concurrency;
  readonly replays: ReplayMemory;
  readonly approvals: Approvals;
  readonly recorder: Recorder;
  readonly replies: Replies;
  readonly sessions: ClientSessions;
  readonly connections: Connections;
  readonly cursors: Cursors;
  readonly states: RequestStates;
  readonly parked: ParkedCalls<Ending>;
  readonly waiting: Waiting;
  readonly tasks: TaskNames;
  /**
   * Judge the credential of a request once more, as things stand now.
   * @throws AppError, RpcError
   */
  readonly readmit: (inbound: Inbound) => Caller;
  readonly keeper: StreamKeeper;
  readonly listChanges: ListChanges;
  /** Who sits at a seat now; undefined when it may be there no longer. */
  readonly viewer: (seat: Seat) => Viewer | undefined;
  /** Absent while resources are not served. */
  readonly watching: ResourceWatching | undefined;
  /** By kind, token, URL and generation of the protocol. */
  readonly renderedLists: Map<string, RenderedList>;
}
