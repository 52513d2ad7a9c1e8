import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import { listen } from '../../upstreams/listen.ts';
import { AccessControl, type AccessRule } from './access-rules.ts';
import { Controllers } from './controllers.ts';
import type { PodProcess } from './pod-process.ts';
import { schemaProblems } from './schema.ts';
import { matches, StatusError, Store, type StoredObject } from './store.ts';

export interface StandInCluster extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly store: Store;
  /** Everything that requests needed of a Role so far. */
  readonly asked: ReadonlySet<string>;
  /** Every body that was sent to make or change an object. */
  readonly sent: readonly Record<string, unknown>[];
  process(podName: string): PodProcess | undefined;
  /** Answer the next requests like this instead: an API server in trouble. */
  fail(...answers: { readonly status: number; readonly retryAfter?: string }[]): void;
  /** Whether all of those have been given. */
  noneToFail(): boolean;
  /** Carry out so many requests more and lose the answer of the last and everything after; `Infinity` ends that. */
  cutAfter(requests: number): void;
  /** Answer 410 to the next request for a further page of a list. */
  forgetPages(): void;
}

const route =
  /^\/(?:api|apis\/([a-z0-9.]+))\/v1(?:beta1)?\/namespaces\/([a-z0-9-]+)\/([a-z]+)(?:\/([a-z0-9-]+)(?:\/(log))?)?$/;
const ticksPerSecond = 100;

/**
 * Enough of a Kubernetes cluster to run workloads in: the API over HTTP with access by a Role, strict validation against
 * the published types, versions, selectors and pages, and behind it controllers that run pods as processes. It is a
 * stand-in: no cluster was asked whether it does the same.
 * @param rules what the one user may do
 */
export async function startStandInCluster(rules: readonly AccessRule[]): Promise<StandInCluster> {
  const store = new Store();
  const controllers = new Controllers(store);
  const access = new AccessControl(rules);
  const token = 'stand-in-token';
  const sent: Record<string, unknown>[] = [];
  const failures: { status: number; retryAfter?: string }[] = [];
  let forgets = false;
  let left = Number.POSITIVE_INFINITY;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    left -= 1;
    if (left < 0) return void response.destroy();
    const failure = failures.shift();
    if (failure !== undefined) {
      if (failure.retryAfter !== undefined) response.setHeader('retry-after', failure.retryAfter);
      throw new StatusError(failure.status, 'Injected', 'secret words of the server');
    }
    if (request.headers.authorization !== `Bearer ${token}`) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
    const url = new URL(request.url ?? '', 'http://stand-in');
    const [, group = '', namespace = '', plural = '', name, log] = route.exec(url.pathname) ?? [];
    if (plural === '') throw new StatusError(404, 'NotFound', `no route ${url.pathname}`);
    const body = await readJson(request);
    const verb = verbOf(request.method ?? '', name);
    access.check(group, log === undefined ? plural : `${plural}/${log}`, log === undefined ? verb : 'get');
    if (log !== undefined) return streamLog(url.searchParams, name!, response);
    if (group === 'metrics.k8s.io') return answer(response, 200, metricsOf(name!));
    if (verb === 'list') return answer(response, 200, listOf(plural, url.searchParams));
    if (verb === 'get') return answer(response, 200, existing(plural, name!));
    if (verb === 'delete') return answer(response, 200, await remove(plural, name!, body));
    sent.push(body);
    if (verb === 'create') {
      validate(body);
      return answer(response, 201, await create(plural, namespace, body));
    }
    if (request.headers['content-type'] === 'application/merge-patch+json') {
      const merged = store.merge(plural, name!, body);
      return answer(response, 200, merged);
    }
    validate(body);
    if (url.searchParams.get('fieldManager') === null)
      throw new StatusError(400, 'BadRequest', 'fieldManager is required');
    if (store.get(plural, name!) === undefined) {
      access.check(group, plural, 'create');
      return answer(response, 201, store.create(plural, namespace, body));
    }
    return answer(response, 200, store.merge(plural, name!, body));
  }

  function answer(response: ServerResponse, status: number, body: object): void {
    if (left <= 0) return void response.destroy();
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }

  async function create(plural: string, namespace: string, body: Record<string, unknown>): Promise<StoredObject> {
    const object = store.create(plural, namespace, body);
    if (plural !== 'services') return object;
    return store.merge(plural, object.metadata.name, { spec: { clusterIP: await controllers.openService(object) } });
  }

  function existing(plural: string, name: string): StoredObject {
    const object = store.get(plural, name);
    if (object === undefined) throw new StatusError(404, 'NotFound', `${plural} "${name}" not found`);
    return object;
  }

  async function remove(plural: string, name: string, options: Record<string, unknown>): Promise<object> {
    const object = existing(plural, name);
    const uid = (options['preconditions'] as { uid?: string } | undefined)?.uid;
    if (uid !== undefined && uid !== object.metadata.uid) throw new StatusError(409, 'Conflict', 'uid mismatch');
    if (plural === 'pods') controllers.deletePod(name, options['gracePeriodSeconds'] as number | undefined);
    else store.remove(plural, name);
    return { apiVersion: 'v1', kind: 'Status', status: 'Success' };
  }

  function listOf(plural: string, query: URLSearchParams): object {
    const found = store
      .all(plural)
      .filter(({ metadata }) => matches(metadata.labels, query.get('labelSelector') ?? ''));
    const from = Number(query.get('continue') ?? 0);
    if (from > 0 && forgets) {
      forgets = false;
      throw new StatusError(410, 'Expired', 'the continue token is too old');
    }
    const to = from + Number(query.get('limit') ?? found.length);
    return {
      apiVersion: 'v1',
      kind: 'List',
      metadata: to < found.length ? { continue: `${to}` } : {},
      items: found.slice(from, to),
    };
  }

  function streamLog(query: URLSearchParams, name: string, response: ServerResponse): void {
    existing('pods', name);
    const process = controllers.process(name);
    if (process === undefined) throw new StatusError(400, 'BadRequest', 'container is waiting to start');
    response.writeHead(200, { 'content-type': 'text/plain' });
    for (const line of process.lines.slice(-Number(query.get('tailLines')))) response.write(`${line}\n`);
    if (query.get('follow') !== 'true') return void response.end();
    const hear = (line: string): void => void response.write(`${line}\n`);
    process.events.on('line', hear).once('end', () => response.end());
    response.once('close', () => process.events.off('line', hear));
  }

  /** From the process itself: processor time between two questions. */
  const before = new Map<number, { at: number; ticks: number }>();
  function metricsOf(name: string): object {
    const process = controllers.process(name);
    if (process === undefined) throw new StatusError(404, 'NotFound', `podmetrics "${name}" not found`);
    const fields = readFileSync(`/proc/${process.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    const at = Date.now();
    const last = before.get(process.pid) ?? { at: at - 15_000, ticks: 0 };
    before.set(process.pid, { at, ticks });
    const seconds = (at - last.at) / 1000;
    const nanocores = Math.round(((ticks - last.ticks) / ticksPerSecond / seconds) * 1e9);
    const usage = { cpu: `${nanocores}n`, memory: `${Number(fields[21]) * 4}Ki` };
    const timestamp = new Date(at).toISOString();
    return { kind: 'PodMetrics', timestamp, window: `${seconds}s`, containers: [{ name: 'bridge', usage }] };
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const { code, reason, message } =
        error instanceof StatusError ? error : { code: 500, reason: 'InternalError', message: String(error) };
      answer(response, code, { kind: 'Status', status: 'Failure', code, reason, message });
    });
  });
  const listening = await listen(server);
  return {
    url: `http://127.0.0.1:${listening.port}`,
    token,
    store,
    asked: access.asked,
    sent,
    process: (name) => controllers.process(name),
    fail: (...answers) => void failures.push(...answers),
    noneToFail: () => failures.length === 0,
    cutAfter: (requests) => void (left = requests),
    forgetPages: () => void (forgets = true),
    [Symbol.asyncDispose]: async () => {
      await controllers[Symbol.asyncDispose]();
      server.closeAllConnections();
      await listening[Symbol.asyncDispose]();
    },
  };
}

function validate(body: Record<string, unknown>): void {
  const problems = schemaProblems(body);
  if (problems.length > 0) throw new StatusError(422, 'Invalid', problems.join('; '));
}

function verbOf(method: string, name: string | undefined): string {
  if (method === 'GET') return name === undefined ? 'list' : 'get';
  return { POST: 'create', PATCH: 'patch', DELETE: 'delete' }[method] ?? method.toLowerCase();
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
