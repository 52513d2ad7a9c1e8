import { getRequestListener } from '@hono/node-server';
import type { Transaction } from 'kysely';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLoopback, type Config } from './config/config.ts';
import type { Secrets } from './config/secrets.ts';
import { createControl, type Control, type ControlDeps } from './control/app.ts';
import { selectOpenedEntries } from './control/network/network.ts';
import { storeEverySnapshot } from './control/snapshot/publish.ts';
import { startCourier } from './control/webhooks/courier.ts';
import { unavailable } from './domain/errors.ts';
import { createGateway, type Gateway } from './gateway/app.ts';
import { createMemoryBus } from './platform/bus/memory.ts';
import { isoTime, systemClock } from './platform/clock.ts';
import {
  checkDatabaseFile,
  checkKey,
  lockDataFolder,
  openDataFolder,
  type DataFolder,
} from './platform/data-folder.ts';
import { connectionProblem, type OpenDatabase } from './platform/database/database.ts';
import { migrate } from './platform/database/migrate.ts';
import type { Schema } from './platform/database/schema.ts';
import { openSqlite } from './platform/database/sqlite.ts';
import { createDeliver } from './platform/deliver.ts';
import { createDialer } from './platform/dialer.ts';
import { startEventChain, type EventChain } from './platform/journal/event-chain.ts';
import { openJournal, type Journal } from './platform/journal/journal.ts';
import { startShipper, type Shipper } from './platform/journal/shipper.ts';
import type { ShipTarget } from './platform/journal/shipper-messages.ts';
import { verifyApart } from './platform/journal/verify-apart.ts';
import { verifyJournal, type Verification } from './platform/journal/verify.ts';
import { createLog, type Log } from './platform/log.ts';
import { counter, gauge, measureProcess, type Metric } from './platform/metrics.ts';
import { createSendLines } from './platform/send-lines.ts';
import { createSendParcel } from './platform/sinks/send.ts';
import { startSinks } from './platform/sinks/sinks.ts';
import { createDatabaseProbe, createOperations } from './platform/operations.ts';
import { openProofAccess } from './platform/proof/access.ts';
import { startPublisher } from './platform/proof/publisher.ts';
import { createPurge } from './platform/proof/purge.ts';
import { createSendCheckpoint } from './platform/proof/send-checkpoint.ts';
import { verifyFolder, type FolderReport } from './platform/proof/verify-folder.ts';
import { purgeLogs } from './platform/retention/logs.ts';
import { createLocalVault } from './platform/vault/local-key.ts';

/** Calls in flight may take this long to end after a stop is asked for; other requests a little longer. */
const drainMs = 30_000;
const closeMs = 2_000;
/** A stop waits until nobody has asked for anything this long, and at most so long, before it closes what is idle. */
const quietMs = 100;
const handOverMs = 5_000;

/** The log has the file and what to do in each case. */
const databaseFileLost = 'database file deleted or replaced while in use: put it back or restore it, then restart';
/** Between two checkpoints of a log of proof that grows. */
const checkpointEveryMs = 60_000;

/** A whole MCPNest in this process. */
export interface Product {
  /** Where it listens, without a trailing slash; known once started. */
  readonly url: string;
  /** Where clients reach it: the configured public URL, or `url`. */
  readonly publicUrl: string;
  /** Serve. @throws AppError `unavailable` when the address cannot be listened on */
  start(): Promise<void>;
  /** Not ready at once; calls in flight end, records are flushed, everything is closed. May be called again. */
  stop(): Promise<void>;
}

/**
 * Put the product together; the one place that names adapters. Nothing listens before `start`.
 * @throws AppError `unavailable` that names the remedy; nothing stays open then
 */
export async function build(config: Config, secrets: Secrets, log: Log = createLog(config.logLevel)): Promise<Product> {
  await using opened = new AsyncDisposableStack();
  // Held before anything in the folder is changed.
  const folder = openDataFolder(config.dataDir, secrets.secretKey);
  opened.use(lockDataFolder(folder.dir));
  const { database: engine } = config;
  // A database elsewhere could be named by two folders.
  if (engine.kind === 'sqlite' && dirname(engine.file) !== folder.dir && existsSync(dirname(engine.file)))
    opened.use(lockDataFolder(dirname(engine.file)));
  let url = '';
  const publicUrl = (): string => config.publicUrl ?? url;
  const { control, deps } = opened.use(await openControl(config, secrets, folder, publicUrl, log));
  const { database } = deps;
  const { journal, shipper, events } = await openRecords(config, secrets, folder, deps, opened);
  const gateway = opened.use(
    createGateway({
      ...deps,
      db: database.db,
      journal,
      dialer: createDialer(),
      noteEvent: (event) => events.note(event),
      allowedHosts: gatewayHosts(config),
      allowedOrigins: new Set(config.allowedOrigins),
    }),
  );

  const { sendParcel: send } = deps;
  const target = targetOf(config, secrets);
  const wanted = async () => (await database.db.selectFrom('sinks').select('id').limit(1).execute()).length > 0;
  const sinks = opened.use(startSinks({ nodeId: folder.nodeId, target, send, wanted, log }));

  let stopping = false;
  let askedAt = -Infinity;
  const databaseAnswers = createDatabaseProbe(database, systemClock);
  // A database that is away is no reason: calls go on from what is held, and the gateway itself says when that is too
  // old. Taking every replica out at once would turn its outage into ours. One whose file is gone does not come back.
  const reasons = (): string[] =>
    stopping
      ? ['draining']
      : [
          ...gateway.readiness(),
          ...(journal.health.ok ? [] : ['journal']),
          ...(database.fault() === undefined ? [] : [databaseFileLost]),
        ];
  const measure = opened.use(measureProcess());
  const operations = createOperations({
    reasons,
    metrics: async () => [
      gauge('mcpnest_ready', '1 when ready to serve.', reasons().length === 0 ? 1 : 0),
      gauge('mcpnest_database_ok', '1 when the database answers.', (await databaseAnswers()) ? 1 : 0),
      ...productMetrics(gateway, journal, shipper, events),
      gauge('mcpnest_sinks_ok', '1 when what sinks get can be read and saved.', sinks.health.ok ? 1 : 0),
      ...measure.metrics(),
    ],
    mayReadMetrics: (req) => mayReadMetrics(req, config, control),
  });
  const rest = controlListener(control);
  const server = createHttpServer((req, res) => {
    if (stopping) {
      res.shouldKeepAlive = false;
      if (req.url!.startsWith('/api/')) askedAt = systemClock.monotonic();
    }
    // A target in absolute form names its own host, which nothing here would check.
    if (!req.url!.startsWith('/')) res.writeHead(400, { 'content-length': 0, connection: 'close' }).end();
    else if (req.url!.startsWith('/api/gw/')) gateway.handle(req, res);
    else if (!operations(req, res)) rest(req, res);
  });

  const all = opened.move();
  let stopped: Promise<void> | undefined;

  /**
   * Go on serving while `readyz` sends balancers elsewhere and each answer ends its connection. To close a connection
   * that is in use would cost its client a call: it cannot know whether the call was made, and may not repeat it.
   */
  async function handOver(): Promise<void> {
    const until = systemClock.monotonic() + handOverMs;
    do await sleep(quietMs);
    while (systemClock.monotonic() - askedAt < quietMs && systemClock.monotonic() < until);
  }

  async function stop(): Promise<void> {
    stopping = true;
    if (server.listening) await handOver();
    const closed = server.listening ? new Promise((resolve) => server.close(resolve)) : undefined;
    await gateway.drain(drainMs);
    server.closeIdleConnections();
    if (closed !== undefined) await Promise.race([closed, sleep(closeMs, undefined, { ref: false })]);
    server.closeAllConnections();
    await journal.flush();
    await all.disposeAsync();
  }
  return {
    get url() {
      return url;
    },
    get publicUrl() {
      return publicUrl();
    },
    start: async () => {
      await gateway.start();
      url = await listen(server, config);
      all.use(startCourier({ ...deps, db: database.db }));
    },
    stop: () => (stopped ??= stop()),
  };
}

/** The control plane alone, for an operator who works at the data folder; the server may run beside it. */
export interface LocalControl extends AsyncDisposable {
  readonly control: Control;
  readonly deps: ControlDeps;
}

/**
 * Open an installation for the command line and bring its database up to date; on first use it is created.
 * @throws AppError `unavailable` that names the remedy
 */
export function buildControl(config: Config, secrets: Secrets, log: Log = createLog('silent')): Promise<LocalControl> {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const publicUrl = (): string => config.publicUrl ?? `http://${host}:${config.port}`;
  return openControl(config, secrets, openDataFolder(config.dataDir, secrets.secretKey), publicUrl, log);
}

/** What a data folder's own records were found to be. */
export interface RecordsReport {
  readonly nodeId: string;
  readonly journal: Verification;
  readonly logs: FolderReport;
}

/** Check journal and logs of proof of a data folder, beside a server that runs on it or not; no database is asked. */
export function verifyRecords(config: Config, secrets: Secrets): RecordsReport {
  const { dir: dataDir, nodeId, secretKey } = openDataFolder(config.dataDir, secrets.secretKey);
  const vault = createLocalVault(secretKey);
  const proof = openProofAccess({
    dataDir,
    sealingKey: vault.deriveKey('proof'),
    nodeId,
    now: () => systemClock.now(),
  });
  const journal = verifyJournal(join(dataDir, 'journal'), vault.deriveKey('journal'));
  return { nodeId, journal, logs: verifyFolder(proof.dir, nodeId, proof.keys) };
}

async function openControl(
  config: Config,
  secrets: Secrets,
  folder: DataFolder,
  publicUrl: () => string,
  log: Log,
): Promise<LocalControl> {
  await using opened = new AsyncDisposableStack();
  for (const warning of folder.warnings) log.warn(warning);
  const vault = createLocalVault(folder.secretKey);
  checkKey(folder.dir, vault);
  if (config.database.kind === 'sqlite') checkDatabaseFile(folder.dir, config.database.file);
  const { database, applied } = await openDatabase(config, secrets, opened);
  if (applied.length > 0) log.info({ applied }, 'database migrated');
  const bus = opened.use(createMemoryBus());
  const { allowedHosts, allowedOrigins } = config;
  const clock = systemClock;
  // A receiver whose name is looked up for long takes no turn of calls.
  const dialer = createDialer({ lookups: 1 });
  const allow = () => selectOpenedEntries(database.db);
  const deliver = createDeliver({ dialer, clock, allow });
  const sendParcel = createSendParcel({ vault, clock, deliver, sendLines: createSendLines({ dialer, allow }) });
  const sendCheckpoint = createSendCheckpoint({ deliver, clock });
  const { dir: dataDir, nodeId } = folder;
  const proof = openProofAccess({ dataDir, sealingKey: vault.deriveKey('proof'), nodeId, now: () => clock.now() });
  const checkJournal = () => verifyApart(join(dataDir, 'journal'), vault.deriveKey('journal'));
  const deps: ControlDeps = {
    ...{ database, bus, vault, clock, log, publicUrl, allowedHosts, allowedOrigins },
    ...{ deliver, sendParcel, verifyJournal: checkJournal, proof, sendCheckpoint },
  };
  const all = opened.move();
  return { control: createControl(deps), deps, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Open the database and bring it up to date. @throws AppError `unavailable` when it cannot be reached or used */
async function openDatabase(
  config: Config,
  secrets: Secrets,
  opened: AsyncDisposableStack,
): Promise<{ database: OpenDatabase; applied: string[] }> {
  const recompile = (tx: Transaction<Schema>): Promise<void> => storeEverySnapshot(tx, isoTime(systemClock.now()));
  try {
    const database = opened.use(
      config.database.kind === 'sqlite'
        ? openSqlite(config.database.file)
        : // The driver is loaded only where it is used.
          (await import('./platform/database/postgres.ts')).openPostgres(secrets.databaseUrl!),
    );
    return { database, applied: await migrate(database, systemClock, recompile) };
  } catch (error) {
    const problem = connectionProblem(error);
    throw problem === undefined ? error : unavailable(problem, { cause: error });
  }
}

/** The journal and what copies it to the database. */
async function openRecords(
  config: Config,
  secrets: Secrets,
  { dir: dataDir, nodeId }: DataFolder,
  { database, vault, log, proof, sendCheckpoint: send }: ControlDeps,
  opened: AsyncDisposableStack,
): Promise<{ journal: Journal; shipper: Shipper; events: EventChain }> {
  const dir = join(dataDir, 'journal');
  const journal = opened.use(
    await openJournal({
      dir,
      nodeId,
      clock: systemClock,
      log,
      macKey: vault.deriveKey('journal'),
      afterEpoch: await lastEpoch(database.db, nodeId),
    }),
  );
  const target = targetOf(config, secrets);
  const { db } = database;
  const publisher = opened.use(startPublisher({ db, dir: proof.dir, vault, send, clock: systemClock, log }));
  const shipper = opened.use(
    startShipper({
      ...{ dir, nodeId, journal, target, log },
      proof: { dataDir, sealingKey: vault.deriveKey('proof'), checkpointEveryMs },
      onCheckpoints: () => publisher.nudge(),
      onRetention: () => void purgeLogs({ db, dir: proof.dir, purge, clock: systemClock, log }),
    }),
  );
  const purge = createPurge({ dir: proof.dir, journal, sealed: () => shipper.sealed() });
  proof.sealing = {
    get health() {
      return shipper.sealing;
    },
    sealed: () => shipper.sealed(),
  };
  publisher.nudge();
  const macKey = vault.deriveKey('journal/events');
  const events = opened.use(startEventChain({ db, journal, nodeId, macKey, clock: systemClock, log }));
  return { journal, shipper, events };
}

/** Highest epoch of a node that the database knows of; 0 when there is none. */
async function lastEpoch(db: OpenDatabase['db'], nodeId: string): Promise<number> {
  const calls = await db
    .selectFrom('mcp_tool_calls')
    .select((row) => row.fn.max('epoch').as('epoch'))
    .where('node', '=', nodeId)
    .executeTakeFirstOrThrow();
  const event = await db
    .selectFrom('audit_events')
    .select('chain_epoch as epoch')
    .where('chain_node', '=', nodeId)
    .where('chain_seq', 'is not', null)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return Math.max(calls.epoch ?? 0, event?.epoch ?? 0);
}

/** How workers reach the database. */
const targetOf = (config: Config, secrets: Secrets): ShipTarget =>
  config.database.kind === 'sqlite' ? config.database : { kind: 'postgres', url: secrets.databaseUrl!.reveal() };

/** Host names without port; every loopback name as well where no public name is configured. */
function gatewayHosts({ host, publicUrl, allowedHosts }: Config): Set<string> {
  const names = [host, ...allowedHosts.map((entry) => new URL(`http://${entry}`).hostname)];
  if (publicUrl !== undefined) names.push(new URL(publicUrl).hostname);
  if (publicUrl === undefined || isLoopback(host)) names.push('localhost', '127.0.0.1', '::1');
  return new Set(names.map((name) => name.replace(/^\[|\]$/g, '').toLowerCase()));
}

function controlListener(control: Control): RequestListener {
  const listener = getRequestListener(
    (request, { incoming }) => {
      const { remoteAddress } = incoming.socket;
      return control.fetch(request, remoteAddress === undefined ? {} : { remoteAddress });
    },
    { overrideGlobalObjects: false },
  );
  return (req, res) => void listener(req, res);
}

/** Without listeners for `upgrade` and `connect`, Node serves an upgrade request as a plain one and ends a CONNECT. */
function createHttpServer(listener: RequestListener): Server {
  return createServer(
    {
      maxHeaderSize: 16 * 1024,
      headersTimeout: 10_000,
      // Bounds receiving a request; answers may take as long as the call does.
      requestTimeout: 30_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      insecureHTTPParser: false,
    },
    listener,
  );
}

async function listen(server: Server, { host, port }: Config): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const why = listenProblems[(cause as NodeJS.ErrnoException).code ?? ''] ?? 'cannot be listened on.';
    throw unavailable(`${host}:${port} ${why}`, { cause });
  }
  const { address, family, port: actual } = server.address() as AddressInfo;
  // Listening everywhere includes here, and "everywhere" is not an address to connect to.
  const name = address === '0.0.0.0' || address === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${name}:${actual}`;
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use. Stop what listens there, or choose another port with MCPNEST_PORT.',
  EACCES: 'is not permitted to this user. Choose a port above 1023 with MCPNEST_PORT.',
  EADDRNOTAVAIL: 'is not an address of this machine. Set MCPNEST_HOST to one that is.',
  ENOTFOUND: 'cannot be resolved. Set MCPNEST_HOST to an address of this machine.',
};

function productMetrics(gateway: Gateway, journal: Journal, shipper: Shipper, events: EventChain): Metric[] {
  return [
    {
      name: 'mcpnest_tool_calls_total',
      help: 'Tool calls since the start, by outcome.',
      type: 'counter',
      samples: [...gateway.outcomes].map(([outcome, value]) => ({ value, labels: { outcome } })),
    },
    counter(
      'mcpnest_journal_gaps_total',
      'Records lost because the journal could not be written.',
      journal.health.gaps,
    ),
    gauge('mcpnest_journal_ok', '1 when the journal can be written.', journal.health.ok ? 1 : 0),
    gauge(
      'mcpnest_journal_flush_seconds',
      'How long the latest flush of the journal took, or has taken so far.',
      journal.health.flushMs / 1_000,
    ),
    gauge(
      'mcpnest_journal_damaged',
      '1 when a record of the journal was found damaged since the start; the log names it.',
      (journal.health.damage ?? shipper.health.damage) === undefined ? 0 : 1,
    ),
    gauge('mcpnest_sealer_ok', '1 when records are being sealed in their logs of proof.', shipper.sealing.ok ? 1 : 0),
    gauge('mcpnest_event_chain_ok', '1 when audit events get into the journal.', events.ok ? 1 : 0),
    gauge('mcpnest_shipper_ok', '1 when the journal is being copied to the database.', shipper.health.ok ? 1 : 0),
  ];
}

/** Free where only programs of this machine can ask; elsewhere any valid control key will do. */
async function mayReadMetrics(req: IncomingMessage, config: Config, control: Control): Promise<boolean> {
  const host = req.headers.host ?? '';
  const local =
    isLoopback(config.host) && (config.publicUrl === undefined || isLoopback(new URL(config.publicUrl).hostname));
  if (local && isLoopback(host.replace(/:\d+$/, ''))) return true;
  const { authorization } = req.headers;
  if (authorization === undefined || !URL.canParse(`http://${host}`)) return false;
  const probe = new Request(new URL('/api/v1/instance', `http://${host}`), { headers: { authorization } });
  return (await control.fetch(probe)).status === 200;
}
