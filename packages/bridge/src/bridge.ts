import { once, setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback, type Settings } from './config/settings.ts';
import { createApp } from './http/app.ts';
import { refuseQuestion } from './http/questions.ts';
import { Sessions } from './http/sessions.ts';
import { tellSessions, unsubscribe } from './http/subscriptions.ts';
import type { Log } from './log.ts';
import { rpcCode } from './messages/protocol.ts';
import { CallFailed } from './stdio/channel.ts';
import type { ProcessGroups } from './stdio/child.ts';
import { initialize, openShared } from './stdio/handshake.ts';
import { startStdioServer } from './stdio/stdio-server.ts';
import { restartPlan, Supervisor, type RestartPlan } from './stdio/supervisor.ts';

/** A bridge that serves. */
export interface Bridge {
  readonly port: number;
  /** Resolves when the child has been given up. */
  readonly gaveUp: Promise<void>;
  /** End the listening, the calls, the sessions and every child. */
  stop(): Promise<void>;
}

export interface BridgeOptions {
  readonly settings: Settings;
  readonly log: Log;
  /** Where the children are kept account of, to be ended when this process exits. */
  readonly groups: ProcessGroups;
  /** Aborting it ends a start. */
  readonly signal?: AbortSignal;
  readonly plan?: RestartPlan;
}

/**
 * Start the child, shake hands with it, and only then listen.
 * @throws StartFailed when the child does not come up; Error when the address cannot be listened on
 */
export async function startBridge({
  settings,
  log,
  groups,
  signal,
  plan = restartPlan,
}: BridgeOptions): Promise<Bridge> {
  const { child, serve } = settings;
  const stopping = new AbortController();
  // Any number of children may be starting.
  setMaxListeners(0, stopping.signal);
  const giveUp = Promise.withResolvers<void>();
  const common = { settings: child, groups, log, signal: stopping.signal };
  signal?.addEventListener('abort', () => stopping.abort(), { once: true });

  const sessions = new Sessions(serve, (session) => {
    const shared = supervisor.current;
    if (shared !== undefined) unsubscribe(session, sessions.all(), shared.channel);
  });
  const supervisor = new Supervisor({
    plan,
    maxRestarts: child.maxRestarts,
    log,
    gaveUp: giveUp.resolve,
    start: () =>
      startStdioServer({
        ...common,
        open: (channel) => openShared(channel, child.era),
        events: {
          notification: (message) => tellSessions(message, sessions.all()),
          request: (message, channel) => refuseQuestion(channel, message),
        },
      }),
    // A new child knows nothing of what was subscribed; those clients open anew.
    ended: () => {
      for (const session of sessions.all()) if (session.subscriptions.size > 0) void sessions.end(session);
    },
  });
  const app = createApp(
    {
      settings: serve,
      sessions,
      shared: () => {
        if (supervisor.current !== undefined) return supervisor.current;
        throw new CallFailed(rpcCode.unavailable, 'The server is being restarted; try again shortly.');
      },
      startOwn: (params, events) =>
        startStdioServer({ ...common, events, open: (channel) => initialize(channel, params) }),
    },
    log,
  );
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 15_000 }, app);
  server.maxConnections = serve.maxConcurrent + serve.maxSessions + 64;

  const stop = async (): Promise<void> => {
    stopping.abort();
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    await Promise.all([sessions.stop(), supervisor.stop()]);
    server.closeAllConnections();
    await closed;
  };
  try {
    await supervisor.start();
    server.listen(serve.port, serve.host);
    await once(server, 'listening');
  } catch (error) {
    await stop();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  if (!isLoopback(serve.host) && serve.token === undefined) {
    log.warn('the bridge listens beyond loopback and asks for no token; set MCP_BRIDGE_TOKEN', { host: serve.host });
  }
  return { port, gaveUp: giveUp.promise, stop };
}
