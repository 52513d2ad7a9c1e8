import { Hono } from 'hono';
import { allOperations } from '@mcpnest/contract/operations';
import { openApiDocument } from '@mcpnest/contract/openapi';
import { manifestJsonSchema } from '@mcpnest/contract/schemas/manifests';
import { AppError, conflict, notFound, unavailable } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Actor } from '../domain/roles.ts';
import type { Bus } from '../platform/bus/bus.ts';
import type { Clock } from '../platform/clock.ts';
import type { Deliver } from '../platform/deliver.ts';
import { connectionProblem, isUniqueViolation } from '../platform/database/database.ts';
import type { OpenDatabase } from '../platform/database/database.ts';
import type { Verification } from '../platform/journal/verify.ts';
import type { Log } from '../platform/log.ts';
import type { ProofAccess } from '../platform/proof/access.ts';
import type { SendCheckpoint } from '../platform/proof/send-checkpoint.ts';
import type { SendParcel } from '../platform/sinks/send.ts';
import { version } from '../platform/version.ts';
import type { Vault } from '../platform/vault/vault.ts';
import { accessRoutes } from './access/routes.ts';
import { approvalRoutes } from './approvals/routes.ts';
import { apiKeyRoutes } from './api-keys/routes.ts';
import type { ConsoleFiles } from './console/console.ts';
import { docsPage, landingPage } from './docs/docs.ts';
import { docsStyle } from './docs/style.ts';
import { connectionRoutes } from './connections/routes.ts';
import { drillRoutes } from './drills/routes.ts';
import { createFailedLogins } from './failed-logins.ts';
import { handoverRoutes } from './handover/routes.ts';
import type { Hosting } from './hosted/hosting.ts';
import { hostedRoutes } from './hosted/routes.ts';
import { holdRoutes } from './holds/routes.ts';
import { impactRoutes } from './impacts/routes.ts';
import { importRoutes } from './imports/routes.ts';
import { invitationRoutes } from './invitations/routes.ts';
import { machineRoutes } from './machines/routes.ts';
import { manifestRoutes } from './manifests/routes.ts';
import { memberRoutes } from './members/routes.ts';
import { networkRoutes } from './network/routes.ts';
import type { Route } from './operation.ts';
import { checkOrigin } from './origin.ts';
import { createPipeline } from './pipeline.ts';
import { peopleRoutes } from './people/routes.ts';
import { problemResponse } from './problem.ts';
import { RequestRefused } from './read-body.ts';
import { proofRoutes } from './proofs/routes.ts';
import { signingInRoutes } from './signing-in/routes.ts';
import { recordRoutes } from './records/routes.ts';
import { retentionRoutes } from './retention/routes.ts';
import { ruleRoutes } from './rules/routes.ts';
import { serverRoutes } from './servers/routes.ts';
import { sinkRoutes } from './sinks/routes.ts';
import { statisticsRoutes } from './statistics/routes.ts';
import { stopRoutes } from './stops/routes.ts';
import { teamRoutes } from './teams/routes.ts';
import { timelineRoutes } from './timelines/routes.ts';
import { tokenRoutes } from './tokens/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';
import { workspaceRoutes } from './workspaces/routes.ts';

export interface ControlDeps {
  readonly database: OpenDatabase;
  readonly bus: Bus;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
  /** The way out for what is sent of our own accord. */
  readonly deliver: Deliver;
  /** How a sink is sent something for a test. */
  readonly sendParcel: SendParcel;
  /** Check the journal of this node; left out where there is none at hand. */
  readonly verifyJournal?: () => Promise<Verification>;
  /** Where clients reach this server, without a trailing slash; a function, since a port may be chosen at start. */
  readonly publicUrl: () => string;
  /** `host` or `host:port` accepted in the Host header besides the public one. */
  readonly allowedHosts: readonly string[];
  /** Web origins accepted besides our own. */
  readonly allowedOrigins?: readonly string[];
  /** Whether credentials may cross networks unencrypted. */
  readonly allowInsecure?: boolean;
  readonly proof: ProofAccess;
  readonly hosting: Hosting;
  readonly sendCheckpoint: SendCheckpoint;
  /** The built console; left out where nobody browses. */
  readonly console?: ConsoleFiles | undefined;
}

export interface RequestInfo {
  /** Given by in-process callers that have established who acts (the CLI at the data folder); never from a request. */
  readonly actor?: Actor;
  readonly remoteAddress?: string;
}

/** The control plane: people change desired state. `Request` in, `Response` out, no port of its own. */
export interface Control {
  fetch(request: Request, info?: RequestInfo): Promise<Response>;
}

type Env = { Bindings: { info: RequestInfo; requestId: string } };

/** Wire the rooms into one application. Every error of the plane is rendered here and nowhere else. */
export function createControl(deps: ControlDeps): Control {
  const { clock, log, publicUrl } = deps;
  const origins = { publicUrl, allowedHosts: deps.allowedHosts, allowedOrigins: deps.allowedOrigins ?? [] };
  const sessions = sessionDeps(deps);
  const run = createPipeline({
    ...sessions,
    failedLogins: createFailedLogins(clock),
    log,
  });
  const app = new Hono<Env>();

  app.use(async (context, next) => {
    if (context.env.info.actor === undefined) checkOrigin(context.req.raw, origins);
    await next();
  });
  for (const route of contractRoutes(deps, sessions)) {
    const path = route.operation.path.replace(/\{(\w+)\}/g, ':$1');
    app.on(route.operation.method, path, (context) =>
      run(route, { request: context.req.raw, params: context.req.param(), info: context.env.info }),
    );
  }
  const described = describeOnce(publicUrl);
  app.get('/api/v1/openapi.json', (context) =>
    context.body(described().json, 200, { 'content-type': 'application/json' }),
  );
  const manifestSchema = JSON.stringify(manifestJsonSchema());
  app.get('/api/v1/manifest.schema.json', (context) =>
    context.body(manifestSchema, 200, { 'content-type': 'application/schema+json' }),
  );
  app.get('/docs', (context) => context.html(described().page));
  app.get('/docs/style.css', (context) => context.body(docsStyle, 200, { 'content-type': 'text/css; charset=utf-8' }));
  const { console: pages } = deps;
  app.get('/', (context) => pages?.page() ?? context.html(landingPage(version)));
  app.get('/assets/:name', (context) => {
    const { name } = context.req.param();
    const file = pages?.asset(name, context.req.raw.headers);
    if (file === undefined) throw notFound('file', name.slice(0, 200));
    return file;
  });
  for (const [path, methods] of methodsByPath()) {
    app.all(path, (context) => {
      context.header('allow', methods.join(', '));
      throw new RequestRefused(405, `${context.req.method} is not possible here; use ${methods.join(' or ')}.`);
    });
  }
  app.notFound((context) => {
    const page = isPageRequest(context.req.raw) ? pages?.page() : undefined;
    if (page !== undefined) return page;
    throw notFound('page or operation', context.req.path.slice(0, 200));
  });
  app.onError((error, context) => {
    const { requestId } = context.env;
    if (error instanceof RequestRefused) {
      const response = problemResponse(error.error, requestId, error.status);
      const allow = methodsByPath().get(context.req.routePath);
      if (error.status === 405 && allow !== undefined) response.headers.set('allow', allow.join(', '));
      return response;
    }
    const known = asAppError(error);
    const ours = known.code === 'internal' || known.code === 'unavailable';
    if (ours) log.error({ err: error, requestId }, 'control: request failed');
    else log.debug({ code: known.code, detail: known.detail, requestId }, 'control: request refused');
    return problemResponse(known, requestId);
  });

  return {
    fetch: async (request, info = {}) => {
      const requestId = newId(clock.now());
      const response = await app.fetch(request, { info, requestId });
      return withSecurityHeaders(response, requestId);
    },
  };
}

/** What sessions of the console rest on. */
const sessionDeps = ({ database, bus, clock, vault, publicUrl, allowInsecure = false }: ControlDeps) => ({
  db: database.db,
  bus,
  clock,
  cookies: { publicUrl, allowInsecure },
  csrfKey: vault.deriveKey('csrf'),
});

function contractRoutes(deps: ControlDeps, sessions: ReturnType<typeof sessionDeps>): Route[] {
  const { db, dialect } = deps.database;
  const { clock, vault, log, deliver, publicUrl, proof, sendCheckpoint } = deps;
  const routes = [
    ...signingInRoutes({ ...sessions, publicUrl, dialect }),
    ...workspaceRoutes({ db, publicUrl }),
    ...serverRoutes({ db, vault, clock }),
    ...importRoutes({ vault }),
    ...hostedRoutes({ db, bus: deps.bus, vault, clock, hosting: deps.hosting }),
    ...drillRoutes({ db, clock }),
    ...tokenRoutes({ db }),
    ...connectionRoutes({ db }),
    ...memberRoutes({ db }),
    ...teamRoutes({ db }),
    ...machineRoutes({ db }),
    ...invitationRoutes({ db, clock, publicUrl }),
    ...manifestRoutes({ db, publicUrl }),
    ...ruleRoutes({ db, clock }),
    ...accessRoutes({ db, clock }),
    ...stopRoutes({ db, clock }),
    ...approvalRoutes({ db, clock }),
    ...webhookRoutes({ db, vault, clock, log, deliver, publicUrl }),
    ...apiKeyRoutes({ db }),
    ...networkRoutes({ db }),
    ...retentionRoutes({ db, clock }),
    ...holdRoutes({ db, clock }),
    ...peopleRoutes(deps),
    ...proofRoutes({ db, vault, clock, log, proof, send: sendCheckpoint }),
    ...handoverRoutes({ db, clock, verifyJournal: deps.verifyJournal }),
    ...sinkRoutes({ db, vault, clock, sendParcel: deps.sendParcel }),
    ...statisticsRoutes({ db, clock }),
    ...timelineRoutes({ db }),
    ...impactRoutes({ db, clock }),
    ...recordRoutes({ db, dialect, vault, clock, log, publicUrl }),
  ];
  const joined = new Set(routes.map((route) => route.operation.id));
  const missing = allOperations.filter((operation) => !joined.has(operation.id));
  if (missing.length > 0 || joined.size !== routes.length) {
    throw new Error(
      `control: the contract and the routes differ: ${missing.map((operation) => operation.id).join(', ')}`,
    );
  }
  return routes;
}

/** Whether somebody browses to a path; what is below /api is never a page. */
function isPageRequest(request: Request): boolean {
  const { pathname } = new URL(request.url);
  const machine = /^\/(?:api|docs|assets|\.well-known)(?:\/|$)/.test(pathname);
  return request.method === 'GET' && !machine && (request.headers.get('accept') ?? '').includes('text/html');
}

/** Open to everyone, so made once and not per request; the address is known only after the start. */
function describeOnce(publicUrl: () => string): () => { json: string; page: string } {
  let made: { url: string; json: string; page: string } | undefined;
  return () => {
    const url = publicUrl();
    if (made?.url !== url) {
      const document = openApiDocument({ version, url });
      made = { url, json: JSON.stringify(document), page: docsPage(document) };
    }
    return made;
  };
}

function methodsByPath(): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of allOperations) {
    const pattern = path.replace(/\{(\w+)\}/g, ':$1');
    methods.set(pattern, [...(methods.get(pattern) ?? []), method]);
  }
  for (const path of ['/api/v1/openapi.json', '/api/v1/manifest.schema.json', '/docs', '/docs/style.css', '/'])
    methods.set(path, ['GET']);
  return methods;
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  // Two changes that do not lock the same row can still claim the same name; the database lets one of them win.
  if (isUniqueViolation(error))
    return conflict('Someone else made a change at the same moment. Look again, then repeat yours.');
  const problem = connectionProblem(error);
  if (problem !== undefined) return unavailable(problem, { cause: error });
  return new AppError('internal', 'Something went wrong in MCPNest. The request id finds it in the log.', {
    cause: error,
  });
}

/** What is served here runs no scripts, unless it says which; it is never framed or sniffed, and the API never cached. */
function withSecurityHeaders(response: Response, requestId: string): Response {
  const { headers } = response;
  const page = (headers.get('content-type') ?? '').startsWith('text/html');
  const policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  if (!headers.has('content-security-policy'))
    headers.set('content-security-policy', page ? `${policy}; style-src 'self'` : policy);
  headers.set('x-content-type-options', 'nosniff');
  headers.set('referrer-policy', 'no-referrer');
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-resource-policy', 'same-origin');
  headers.set('x-request-id', requestId);
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
  return response;
}
