import { getRequestListener } from '@hono/node-server';
import type { Link } from '@mcpnest/contract/schemas/sessions';
import type { Transaction } from 'kysely';
import { existsSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startApart } from './build/apart.ts';
import { openHosting, type HostingParts } from './build/hosting.ts';
import { gatewayHosts, listen, mayReadMetrics } from './build/listening.ts';
import { productMetrics } from './build/metrics.ts';
import { openRecords, targetOf } from './build/records.ts';
import type { Config } from './config/config.ts';
import type { Secrets } from './config/secrets.ts';
import { createControl, type Control, type ControlDeps } from './control/app.ts';
import { openConsole, type ConsoleFiles } from './control/console/console.ts';
import type { Hosting } from './control/hosted/hosting.ts';
import { startHostedPublisher } from './control/hosted/publish.ts';
import { selectOpenedEntries } from './control/network/network.ts';
import { storeEverySnapshot } from './control/snapshot/publish.ts';
import { createHashing, issueSetupLink, setUpFromConfig } from './control/signing-in/signing-in.ts';
import { startCourier } from './control/webhooks/courier.ts';
import { unavailable } from './domain/errors.ts';
import { catalogue } from './domain/hosted/catalogue.ts';
import { createGateway } from './gateway/app.ts';
import { createMemoryBus } from './platform/bus/memory.ts';
import { checkRows, type RowsReport } from './platform/row-check/row-check.ts';
import { clientAddress, trustedProxies, type IsTrusted } from './platform/client-address.ts';
import { isoTime, systemClock } from './platform/clock.ts';
import {
  checkDatabaseFile,
  checkKey,
  lockDataFolder,
  openDataFolder,
  type DataFolder,
} from './platform/data-folder.ts';
import { connectionProblem, type OpenDatabase } from './platform/database/database.ts';
import { migrate, requireMigrated } from './platform/database/migrate.ts';
import type { Schema } from './platform/database/schema.ts';
import { openSqlite } from './platform/database/sqlite.ts';
import { createDeliver } from './platform/deliver.ts';
import { createDialer } from './platform/dialer.ts';
import { createHttpServer } from './platform/http1/server.ts';
import { createVerifyApart } from './platform/journal/verify-apart.ts';
import { verifyJournal, type Verification } from './platform/journal/verify.ts';
import { createLog, type Log } from './platform/log.ts';
import { gauge, measureProcess } from './platform/metrics.ts';
import { createSendLines } from './platform/send-lines.ts';
import { createSendParcel } from './platform/sinks/send.ts';
import { startSinks } from './platform/sinks/sinks.ts';
import { createDatabaseProbe, createOperations } from './platform/operations.ts';
import { openProofAccess } from './platform/proof/access.ts';
import { createSendCheckpoint } from './platform/proof/send-checkpoint.ts';
import { verifyFolder, type FolderReport } from './platform/proof/verify-folder.ts';
import { createLocalVault } from './platform/vault/local-key.ts';

/** Calls in flight may take this long to end after a stop is asked for; other requests a little longer. */
const drainMs = 30_000;
const closeMs = 2_000;
/** A stop waits until nobody has asked for anything this long, and at most so long, before it closes what is idle. */
const quietMs = 100;
const handOverMs = 5_000;

/** Where `npm start` builds the console. */
const consoleFolder = fileURLToPath(new URL('../../console/dist', import.meta.url));

/** The log has the file and what to do in each case. */
const databaseFileLost = 'database file deleted or replaced while in use: put it back or restore it, then restart';

/** A whole MCPNest in this process. */
export interface Product {
  /** Where it listens, without a trailing slash; known once started. */
  readonly url: string;
  /** Where clients reach it: the configured public URL, or `url`. */
  readonly publicUrl: string;
  /** Serve. @throws AppError `unavailable` when the address cannot be listened on */
  start(): Promise<void>;
  /** A link by which somebody becomes the first owner; undefined once one can sign in. */
  setupLink(): Promise<Link | undefined>;
  /** Not ready at once; calls in flight end, records are flushed, everything is closed. May be called again. */
  stop(): Promise<void>;
}

/**
 * Put the product together; the one place that names adapters. Nothing listens before `start`.
 * @throws AppError `unavailable` that names the remedy; nothing stays open then
 */
export async function build(
  config: Config,
  secrets: Secrets,
  log: Log = createLog(config.logLevel),
  parts: HostingParts = {},
): Promise<Product> {
  if (!config.serves) return buildOrchestrator(config, secrets, log, parts);
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
  const pages = openConsole(consoleFolder);
  const plane = openHosting(config, createLocalVault(folder.secretKey), log, opened, parts);
  const { control, deps } = opened.use(
    await openControl(config, secrets, folder, publicUrl, log, plane.hosting, pages),
  );
  const { database } = deps;
  const records = await openRecords(config, secrets, folder, deps, opened);
  const { journal, events } = records;
  const dialer = createDialer();
  const gateway = opened.use(
    createGateway({
      ...deps,
      db: database.db,
      journal,
      dialer,
      noteEvent: (event) => events.note(event),
      allowedHosts: gatewayHosts(config),
      allowedOrigins: new Set(config.allowedOrigins),
    }),
  );
  const orchestrator = opened.use(await plane.open({ ...deps, db: database.db }, dialer));

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
      ...productMetrics(gateway, records),
      gauge('mcpnest_sinks_ok', '1 when what sinks get can be read and saved.', sinks.health.ok ? 1 : 0),
      ...measure.metrics(),
    ],
    mayReadMetrics: (req) => mayReadMetrics(req, config, control),
  });
  const rest = controlListener(control, trustedProxies(config.trustedProxies ?? []));
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
      await setUpHeadless(config, secrets, deps);
      await gateway.start();
      url = await listen(server, config);
      all.use(startCourier({ ...deps, db: database.db }));
      all.use(startHostedPublisher({ ...deps, db: database.db }));
      orchestrator?.start();
    },
    setupLink: () => issueSetupLink({ ...deps, db: database.db }, { kind: 'system' }, publicUrl()),
    stop: () => (stopped ??= stop()),
  };
}

/** The orchestrator in a process of its own: no data folder, no port of the product, the only one with the runtime. */
async function buildOrchestrator(config: Config, secrets: Secrets, log: Log, parts: HostingParts): Promise<Product> {
  await using opened = new AsyncDisposableStack();
  const vault = createLocalVault(secrets.secretKey!);
  const database = await openDatabase(config, secrets, opened, requireMigrated);
  const bus = opened.use(createMemoryBus());
  const plane = openHosting(config, vault, log, opened, parts);
  const deps = { config, database, bus, vault, log, plane, dialer: createDialer() };
  return await startApart(deps, opened);
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
  return openControl(config, secrets, openDataFolder(config.dataDir, secrets.secretKey), publicUrl, log, {
    catalogue,
    runtime: config.runtime,
  });
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

/**
 * Compare the rows of calls and events with the logs of proof, beside a server that runs or not.
 * @throws AppError `unavailable` when the database cannot be reached or used
 */
export async function verifyRows(config: Config, secrets: Secrets): Promise<RowsReport> {
  await using opened = new AsyncDisposableStack();
  const { dir: dataDir, nodeId } = openDataFolder(config.dataDir, secrets.secretKey);
  if (config.database.kind === 'sqlite') checkDatabaseFile(dataDir, config.database.file);
  const database = await openDatabase(config, secrets, opened, (found) => migrateAll(found));
  return await checkRows({ db: database.db, dataDir, nodeId, now: systemClock.now() });
}

async function openControl(
  config: Config,
  secrets: Secrets,
  folder: DataFolder,
  publicUrl: () => string,
  log: Log,
  hosting: Hosting,
  pages?: ConsoleFiles,
): Promise<LocalControl> {
  await using opened = new AsyncDisposableStack();
  for (const warning of folder.warnings) log.warn(warning);
  const vault = createLocalVault(folder.secretKey);
  checkKey(folder.dir, vault);
  if (config.database.kind === 'sqlite') checkDatabaseFile(folder.dir, config.database.file);
  const database = await openDatabase(config, secrets, opened, (found) => migrateAll(found, log));
  const bus = opened.use(createMemoryBus());
  const { allowedHosts, allowedOrigins, allowInsecure = false } = config;
  const clock = systemClock;
  // A receiver whose name is looked up for long takes no turn of calls.
  const dialer = createDialer({ lookups: 1 });
  const allow = () => selectOpenedEntries(database.db);
  const deliver = createDeliver({ dialer, clock, allow });
  const sendParcel = createSendParcel({ vault, clock, deliver, sendLines: createSendLines({ dialer, allow }) });
  const sendCheckpoint = createSendCheckpoint({ deliver, clock });
  const { dir: dataDir, nodeId } = folder;
  const proof = openProofAccess({ dataDir, sealingKey: vault.deriveKey('proof'), nodeId, now: () => clock.now() });
  const checkJournal = createVerifyApart(join(dataDir, 'journal'), vault.deriveKey('journal'));
  const deps: ControlDeps = {
    ...{ database, bus, vault, clock, log, publicUrl, allowedHosts, allowedOrigins, allowInsecure },
    ...{ deliver, sendParcel, verifyJournal: checkJournal, proof, sendCheckpoint, hosting, console: pages },
  };
  const all = opened.move();
  return { control: createControl(deps), deps, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Open the database and see to its schema. @throws AppError `unavailable` when it cannot be reached or used */
async function openDatabase(
  config: Config,
  secrets: Secrets,
  opened: AsyncDisposableStack,
  prepare: (database: OpenDatabase) => Promise<unknown>,
): Promise<OpenDatabase> {
  try {
    const database = opened.use(
      config.database.kind === 'sqlite'
        ? openSqlite(config.database.file)
        : // The driver is loaded only where it is used.
          (await import('./platform/database/postgres.ts')).openPostgres(secrets.databaseUrl!),
    );
    await prepare(database);
    return database;
  } catch (error) {
    const problem = connectionProblem(error);
    throw problem === undefined ? error : unavailable(problem, { cause: error });
  }
}

/** Bring the schema up to date, and what was compiled before with it. */
async function migrateAll(database: OpenDatabase, log: Log = createLog('silent')): Promise<void> {
  const recompile = (tx: Transaction<Schema>): Promise<void> => storeEverySnapshot(tx, isoTime(systemClock.now()));
  const applied = await migrate(database, systemClock, recompile);
  if (applied.length > 0) log.info({ applied }, 'database migrated');
}

/** The first owner from the configuration, where it names one. */
async function setUpHeadless({ adminEmail }: Config, secrets: Secrets, deps: ControlDeps): Promise<void> {
  const password = secrets.adminPassword?.reveal();
  if (adminEmail === undefined || password === undefined) return;
  const { database, bus, clock } = deps;
  const { db, dialect } = database;
  await setUpFromConfig({ db, bus, clock, dialect, hashing: createHashing() }, { email: adminEmail, password });
}

function controlListener(control: Control, isTrusted: IsTrusted): RequestListener {
  const listener = getRequestListener(
    (request, { incoming }) => {
      const peer = incoming.socket.remoteAddress;
      if (peer === undefined) return control.fetch(request);
      const remoteAddress = clientAddress(peer, request.headers.get('x-forwarded-for'), isTrusted);
      return control.fetch(request, { remoteAddress });
    },
    { overrideGlobalObjects: false },
  );
  return (req, res) => void listener(req, res);
}
