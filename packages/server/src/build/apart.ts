import type { Product } from '../build.ts';
import { isLoopback, type Config } from '../config/config.ts';
import { unavailable } from '../domain/errors.ts';
import { createDoor } from '../orchestrator/door.ts';
import { systemClock } from '../platform/clock.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { OpenDatabase } from '../platform/database/database.ts';
import type { Dialer } from '../platform/dialer.ts';
import { createHttpServer } from '../platform/http1/server.ts';
import type { Log } from '../platform/log.ts';
import { gauge, measureProcess } from '../platform/metrics.ts';
import { createDatabaseProbe, createOperations } from '../platform/operations.ts';
import { callKeyPurpose } from '../platform/orchestrator-call/call.ts';
import type { Vault } from '../platform/vault/vault.ts';
import type { HostingPlane } from './hosting.ts';
import { listen, listenOnSocket } from './listening.ts';

export interface ApartDeps {
  readonly config: Config;
  readonly database: OpenDatabase;
  readonly bus: Bus;
  readonly vault: Vault;
  readonly log: Log;
  readonly plane: HostingPlane;
  readonly dialer: Dialer;
}

/**
 * An orchestrator in a process of its own: the loop, and one listener that answers its supervisor and, where calls are
 * signed, who serves the logs.
 * @param opened what is to be closed with it; moved once everything is open
 * @throws AppError `unavailable` that names the remedy
 */
export async function startApart(deps: ApartDeps, opened: AsyncDisposableStack): Promise<Product> {
  const { config, database, bus, vault, log } = deps;
  await requireKey(database, vault);
  const orchestrator = await deps.plane.open({ db: database.db, bus, vault, log, clock: systemClock }, deps.dialer);
  if (orchestrator === undefined) throw new TypeError('a process that orchestrates has an orchestrator');
  opened.use(orchestrator);
  let stopping = false;
  const reasons = (): string[] =>
    stopping ? ['draining'] : orchestrator.health.ok ? [] : ['hosted servers cannot be looked after'];
  const measure = opened.use(measureProcess());
  const databaseAnswers = createDatabaseProbe(database, systemClock);
  const operations = createOperations({
    reasons,
    metrics: async () => [
      gauge('mcpnest_ready', '1 when ready to serve.', reasons().length === 0 ? 1 : 0),
      gauge('mcpnest_database_ok', '1 when the database answers.', (await databaseAnswers()) ? 1 : 0),
      ...measure.metrics(),
    ],
    mayReadMetrics: async ({ socket: { remoteAddress } }) =>
      config.orchestratorSocket !== undefined || (remoteAddress !== undefined && isLoopback(remoteAddress)),
  });
  const { logs } = orchestrator;
  const door = createDoor({ logs, key: vault.deriveKey(callKeyPurpose), clock: systemClock, log });
  const server = createHttpServer((req, res) => {
    if (!operations(req, res)) door(req, res);
  });
  const all = opened.move();
  let url = '';
  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    stopping = true;
    const closed = server.listening ? new Promise((resolve) => server.close(resolve)) : undefined;
    server.closeAllConnections();
    await closed;
    await all.disposeAsync();
  }
  return {
    get url() {
      return url;
    },
    get publicUrl() {
      return url;
    },
    start: async () => {
      const { orchestratorSocket: socket } = config;
      url = socket === undefined ? await listen(server, config) : await listenOnSocket(server, socket);
      orchestrator.start();
    },
    setupLink: async () => undefined,
    stop: () => (stopped ??= stop()),
  };
}

/** With another key every secret stays closed and nothing that runs is recognised, so it is found out at the start. */
async function requireKey({ db }: OpenDatabase, vault: Vault): Promise<void> {
  const known = await db.selectFrom('hosted_instances').select(['id', 'token']).limit(1).executeTakeFirst();
  if (known === undefined) return;
  try {
    vault.open(known.token, `hosted/${known.id}/token`);
  } catch (cause) {
    throw unavailable(
      'The secret key is not the one of the server this database belongs to. Give the orchestrator the same with MCPNEST_SECRET_KEY_FILE.',
      { cause },
    );
  }
}
