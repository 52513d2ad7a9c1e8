import type { Kysely } from 'kysely';
import { newId } from '../domain/ids.ts';
import { AppError, notFound } from '../domain/errors.ts';
import { networkOf } from '../platform/client-address.ts';
import { decide, maySee } from '../domain/policy.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { Clock } from '../platform/clock.ts';
import type { Dialer } from '../platform/dialer.ts';
import type { CountedEvent } from '../platform/event-counts.ts';
import type { HttpListener } from '../platform/http1/server.ts';
import type { Journal } from '../platform/journal/journal.ts';
import type { Log } from '../platform/log.ts';
import type { Vault } from '../platform/vault/vault.ts';
import { Approvals } from './approvals/approvals.ts';
import { authenticate } from './authenticate.ts';
import { ParkedCalls } from './bridge/parked-calls.ts';
import { RequestStates } from './bridge/request-state.ts';
import { TaskNames } from './bridge/task-names.ts';
import { Waiting } from './bridge/waiting.ts';
import { Catalogue } from './catalogue.ts';
import { Connections } from './connections.ts';
import { Cursors } from './cursors.ts';
import type { GatewayDeps } from './deps.ts';
import { BodyRoom, checkContentType, checkHostAndOrigin, readBody, type DoorSettings } from './door.ts';
import { decideEra } from './era.ts';
import { goingOn } from './going-on.ts';
import { HealthBoard } from './health.ts';
import type { ClientSession } from './client-session.ts';
import type { Caller, Exchanged, Inbound } from './inbound.ts';
import { listKinds } from './list-kinds.ts';
import { LastUse } from './last-use.ts';
import { Concurrency, RateLimits } from './limits.ts';
import { idOf, readMessage, type Message } from './message.ts';
import { endpoint, runMethod } from './methods.ts';
import { Recorder } from './recorder.ts';
import { recordRefused } from './refused-call.ts';
import { Registry } from './registry.ts';
import { noHead, readHead } from './request-head.ts';
import { ReplayMemory } from './replay/replay-memory.ts';
import { Replies } from './reply.ts';
import { invalidRequest, RpcError, rpcStatus, toRpcError } from './rpc-error.ts';
import { ClientSessions } from './sessions.ts';
import { Snapshots } from './snapshots.ts';
import { ListChanges } from './streams/list-changes.ts';
import { viewerAt, type Seat, type Viewer } from './streams/seat.ts';
import { Newsroom } from './streams/newsroom.ts';
import { answerGet } from './streams/standalone.ts';
import { StreamKeeper } from './streams/stream-keeper.ts';
import { parsePath, type UrlTarget } from './url-target.ts';
import { listSources } from './streams/list-sources.ts';
import { writeWake, type GatewayTables } from './store.ts';
import { Upstreams } from './upstreams/pool.ts';

export interface GatewayOptions extends DoorSettings {
  readonly db: Kysely<GatewayTables>;
  readonly bus: Bus;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
  readonly journal: Journal;
  readonly dialer: Dialer;
  /** Put something on record that is no call. Never throws, never waits. */
  readonly noteEvent: (event: CountedEvent) => void;
}

/** The data plane: serves MCP under `/api/gw/`, from snapshots, and writes nothing but what it saw. */
export interface Gateway extends AsyncDisposable {
  /** Serve one request whose path begins with `/api/gw/`. Never throws. */
  readonly handle: HttpListener;
  /** Read the snapshots; the gateway serves from then on. */
  start(): Promise<void>;
  /** Take no more requests and wait for those in flight, at most this long. */
  drain(timeoutMs: number): Promise<void>;
  /** Why the gateway is not ready; empty when it is. */
  readiness(): string[];
  /** Calls by outcome since the start. */
  readonly outcomes: ReadonlyMap<string, number>;
}

/** Requests per minute from one address to one slug without a valid credential. */
const strangersPerMinute = 200;

export function createGateway(options: GatewayOptions): Gateway {
  const { clock, log } = options;
  const snapshots = new Snapshots(options);
  const health = new HealthBoard(options);
  const changed = (workspaceId: string): void => {
    listChanges.touch(workspaceId);
    connections.touch(workspaceId);
  };
  const wake = async (instanceId: string): Promise<void> => {
    await writeWake(options.db, instanceId, clock.now());
    await options.bus.publish('hosted.wanted', instanceId);
  };
  const look = (): void => {
    options.bus.publish('hosted.seen', '').catch(() => undefined);
    void snapshots.refresh();
  };
  const upstreams = new Upstreams({ ...options, health, wake, look });
  const catalogue = new Catalogue({ ...options, upstreams, changed });
  const keeper = new StreamKeeper(clock);
  const replies = new Replies(clock, keeper);
  const sessions = new ClientSessions({ clock, keeper, replies });
  const newsroom = new Newsroom({ clock, log, catalogue, upstreams });
  const viewer = (seat: Seat): Viewer | undefined => viewerAt(snapshots, seat, clock.now());
  const sources = listSources(catalogue);
  const connections = new Connections({
    ...options,
    viewer,
    fingerprint: (who) => sources.get('tools')!.fingerprint(who),
  });
  const listChanges = new ListChanges({
    clock,
    log,
    viewer,
    sources,
    attend: (held) => newsroom.attend(held),
    refresh: (held) => {
      for (const kind of listKinds) catalogue.refresh(held, kind);
    },
  });
  const strangers = new RateLimits(clock);
  const recorder = new Recorder(options);
  const lastUse = new LastUse(options);
  const deps: GatewayDeps = {
    clock,
    log,
    decide,
    catalogue,
    upstreams,
    health,
    limits: new RateLimits(clock),
    concurrency: new Concurrency(),
    replays: new ReplayMemory(clock),
    approvals: new Approvals(options),
    recorder,
    replies,
    sessions,
    connections,
    cursors: new Cursors(),
    states: new RequestStates(options),
    parked: new ParkedCalls(),
    waiting: new Waiting(),
    tasks: new TaskNames(options),
    readmit: (inbound) => admit(inbound, parsePath(inbound.req.url!)),
    keeper,
    listChanges,
    viewer,
    watching: newsroom,
    renderedLists: new Map(),
  };
  const inFlight = new Registry<Inbound>();
  const bodies = new BodyRoom();
  const background: Disposable[] = [];
  let started = false;
  let draining = false;

  snapshots.onChange((workspaceId, held) => {
    upstreams.sync(workspaceId, held);
    catalogue.sync(workspaceId, held);
    newsroom.sync(workspaceId, held);
    // A revoked or stopped token loses what it has open, not only what it asks next.
    const goesOn = goingOn(held, (tokenId) => snapshots.standing(tokenId), clock.now());
    sessions.keepOnly(workspaceId, goesOn.tokens, goesOn.may);
    deps.parked.keepOnly(
      workspaceId,
      ({ principal, target }) => goesOn.tokens.has(principal.tokenId) && goesOn.may(target),
    );
    for (const inbound of inFlight.values()) {
      if (inbound.principal?.workspaceId !== workspaceId) continue;
      const { target } = inbound;
      if (goesOn.tokens.has(inbound.principal.tokenId) && (target === undefined || goesOn.may(target))) continue;
      inbound.revoked = true;
      inbound.res.destroy();
    }
    keeper.cut(workspaceId, (stream) => viewer(stream) !== undefined);
    changed(workspaceId);
  });

  /** From the headers alone: whether to read the body at all. */
  function receive(inbound: Inbound): void {
    const { req } = inbound;
    const head = readHead(req.rawHeaders);
    inbound.head = head;
    checkHostAndOrigin(head, options);
    if (!started || draining)
      throw new AppError('unavailable', 'The gateway is starting or stopping.', { retryAfterMs: 1_000 });
    const target = parsePath(req.url!);
    const early = admit(inbound, target);
    if (req.method === 'DELETE') return endSession(early);
    if (req.method === 'GET') return answerGet(deps, early);
    if (req.method !== 'POST') {
      return replies.error(inbound, 'null', rpcStatus(405, 'Use POST.'), ['allow', 'GET, POST, DELETE']);
    }
    checkContentType(head);
    readBody(
      inbound,
      bodies,
      (body) => guarded(inbound, () => answerBody(inbound, target, body)),
      (error) => fail(inbound, 'null', error),
    );
  }

  function answerBody(inbound: Inbound, target: UrlTarget, body: Buffer): void {
    const message = readMessage(body);
    try {
      // The body may have taken its time; what was revoked, changed or has expired meanwhile counts.
      const caller = admit(inbound, target);
      lastUse.note(caller.principal.tokenId, inbound.startedAt);
      const answering = answer(caller, message);
      answering?.catch((error: unknown) => fail(inbound, message.idText, error));
    } catch (error) {
      fail(inbound, message.idText, error);
    }
  }

  /** Whatever goes wrong becomes an answer. */
  function guarded(inbound: Inbound, step: () => void): void {
    try {
      step();
    } catch (error) {
      fail(inbound, idOf(error), error);
    }
  }

  /** Credential → principal → the workspace and server the URL names; nothing is looked up for strangers. */
  function admit(inbound: Inbound, target: UrlTarget): Caller {
    if (!snapshots.fresh) throw new AppError('unavailable', 'The gateway cannot verify permissions right now.');
    let admission;
    try {
      admission = authenticate(inbound.req.socket, inbound.head, snapshots);
    } catch (error) {
      const network = networkOf(inbound.req.socket.remoteAddress ?? 'unknown');
      const wait = strangers.take(`${network}/${target.workspace}`, strangersPerMinute);
      if (wait > 0) throw new RpcError(429, 429, 'Too many requests without a valid token.', { retryAfterMs: wait });
      throw error;
    }
    const { principal, held } = admission;
    inbound.principal = principal;
    inbound.expiresAt = admission.expiresAt;
    if (held.snapshot.workspace.slug !== target.workspace) throw notFound('workspace', target.workspace);
    const server = target.server === undefined ? undefined : held.serversBySlug.get(target.server);
    const mayKnow = server !== undefined && maySee(held.snapshot, principal, server.slug);
    if (target.server !== undefined && !mayKnow) throw notFound('server', target.server);
    return { inbound, principal, held, server, tools: target.tools };
  }

  /** Which generation the message speaks, and in which session. */
  function place(caller: Caller, message: Message): Exchanged {
    const { inbound, principal, held, server, tools } = caller;
    try {
      const era = decideEra(inbound.head, message);
      const { sessionId } = inbound.head;
      const inSession = era.kind === 'legacy' && sessionId !== undefined && message.method !== 'initialize';
      if (!inSession) return { inbound, principal, held, server, tools, era, session: undefined };
      const session = sessions.find(sessionId, principal, endpoint(caller));
      inbound.session = session;
      inbound.idText = message.idText;
      return { inbound, principal, held, server, tools, era: { ...era, version: session.version }, session };
    } catch (error) {
      recordRefused(deps, caller, message, error);
      throw error;
    }
  }

  function answer(caller: Caller, message: Message): Promise<void> | void {
    const call = place(caller, message);
    const { inbound, era, session } = call;
    if (message.kind === 'notification') {
      if (message.method === 'notifications/cancelled' && session !== undefined) callOff(session, message);
      return replies.empty(inbound, 202);
    }
    if (message.kind === 'response') {
      if (era.kind === 'modern') throw invalidRequest('Responses are not accepted.');
      session?.asks.reply(message);
      return replies.empty(inbound, 202);
    }
    return runMethod(deps, call, message);
  }

  /** Also what still waits to be sent: for a list, or for its intent to be written. */
  function callOff(session: ClientSession, cancelled: Message): void {
    const idText = session.cancel(cancelled);
    if (idText === undefined) return;
    for (const waiting of inFlight.values())
      if (waiting.session === session && waiting.idText === idText) waiting.calledOff = true;
  }

  function endSession(caller: Caller): void {
    const id = caller.inbound.head.sessionId;
    if (id === undefined)
      return replies.error(caller.inbound, 'null', rpcStatus(405, 'There is no session to end.'), ['allow', 'POST']);
    sessions.end(sessions.find(id, caller.principal, endpoint(caller)));
    replies.empty(caller.inbound, 204);
  }

  function fail(inbound: Inbound, idText: string, error: unknown): void {
    try {
      explain(inbound, idText, error);
    } catch (worse) {
      log.error({ err: worse }, 'an error could not be rendered');
      inbound.res.destroy();
    }
  }

  function explain(inbound: Inbound, idText: string, error: unknown): void {
    const requestId = newId(clock.now());
    const rpc = toRpcError(error, requestId);
    if (rpc.httpStatus === 503 || rpc.code === 500) log.error({ err: error, requestId }, 'a request failed');
    const challenge = rpc.httpStatus === 401 ? ['www-authenticate', 'Bearer'] : [];
    // What was not read of the body must not be taken for the next request.
    const close = inbound.req.complete ? [] : ['connection', 'close'];
    replies.error(inbound, idText, rpc, [...challenge, ...close]);
  }

  return {
    handle(req, res) {
      const inbound: Inbound = {
        req,
        res,
        head: noHead,
        startedAt: clock.monotonic(),
        upstreamMs: 0,
        principal: undefined,
        target: undefined,
        revoked: false,
        calledOff: false,
        expiresAt: Infinity,
        session: undefined,
        idText: 'null',
        stream: undefined,
        whenClosed: [],
      };
      const ended = inFlight.add(inbound);
      res.once('close', () => {
        ended();
        for (const task of inbound.whenClosed) task();
      });
      guarded(inbound, () => receive(inbound));
    },
    async start() {
      await snapshots.start();
      background.push(keeper.start(), listChanges.start());
      lastUse.start();
      started = true;
    },
    async drain(timeoutMs) {
      draining = true;
      keeper.endStanding();
      const until = clock.monotonic() + timeoutMs;
      while (inFlight.size > 0 && clock.monotonic() < until) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    readiness() {
      if (!started) return ['starting'];
      if (draining) return ['draining'];
      return snapshots.fresh ? [] : ['snapshots'];
    },
    outcomes: recorder.outcomes,
    async [Symbol.asyncDispose]() {
      for (const task of background) task[Symbol.dispose]();
      snapshots[Symbol.dispose]();
      deps.parked.close();
      upstreams.close();
      await connections[Symbol.asyncDispose]();
      await lastUse[Symbol.asyncDispose]();
    },
  };
}
