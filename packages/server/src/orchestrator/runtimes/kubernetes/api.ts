import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent, request as requestHttps } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, unavailable } from '../../../domain/errors.ts';
import { parseRetryAfter } from '../../../platform/http1/retry-after.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { ClusterAccess } from './access.ts';
import type { List } from './resources.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** From the root, without a query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Of a PATCH: an RFC 7386 merge, or the whole object as its only author sees it (server-side apply). */
  readonly patch?: 'merge' | 'apply';
  /** Statuses that are an answer and no failure, besides 2xx. */
  readonly accept?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

export interface ApiAnswer<Body> {
  readonly status: number;
  readonly body: Body;
}

/** The Kubernetes API. All of it throws AppError `unavailable` with a remedy; what the server wrote is in `detail` only. */
export interface KubernetesApi extends Disposable {
  send<Body>(request: ApiRequest): Promise<ApiAnswer<Body>>;
  /** Every object a label selector finds, page by page. */
  list<Item>(path: string, labelSelector: string, signal?: AbortSignal): Promise<Item[]>;
  /** A body as it comes, for as long as the signal allows; undefined where there is none (400, 404). */
  stream(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage | undefined>;
}

const timeoutMs = 30_000;
const maxBodyBytes = 32 * 1024 * 1024;
const pageSize = 250;
/** Pages of one list; with `pageSize` far beyond what an installation runs. */
const maxPages = 100;
const tries = 4;
const longestWaitMs = 10_000;

/** Talk to the API server that `access` names, over at most eight connections. */
export function openKubernetesApi(access: ClusterAccess, clock: Clock): KubernetesApi {
  const secure = access.url.startsWith('https:');
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 8,
    ...(access.ca === undefined ? {} : { ca: access.ca }),
    ...access.client,
    ...(access.serverName === undefined ? {} : { servername: access.serverName }),
    minVersion: 'TLSv1.2',
  });

  function open({ method, path, query, body, patch, signal }: ApiRequest): ClientRequest {
    const url = `${access.url}${path}${query === undefined ? '' : `?${new URLSearchParams(query).toString()}`}`;
    const token = access.token?.();
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body), 'utf8');
    const headers = {
      accept: 'application/json',
      'user-agent': 'mcpnest',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(payload === undefined
        ? {}
        : { 'content-type': contentTypes[patch ?? 'none'], 'content-length': payload.length }),
    };
    const options = { method, headers, ...(signal === undefined ? {} : { signal }) };
    const request = secure ? requestHttps(url, { ...options, agent }) : requestHttp(url, options);
    request.end(payload);
    return request;
  }

  async function once(wanted: ApiRequest): Promise<ApiAnswer<unknown> & { readonly retryAfterMs: number | undefined }> {
    const late = AbortSignal.timeout(timeoutMs);
    const signal = wanted.signal === undefined ? late : AbortSignal.any([wanted.signal, late]);
    try {
      const response = await head(open({ ...wanted, signal }));
      const text = await read(response);
      const retryAfterMs = parseRetryAfter(response.headers['retry-after'], clock.now());
      return { status: response.statusCode ?? 0, body: parseBody(text), retryAfterMs };
    } catch (error) {
      throw asUnreachable(error, wanted);
    }
  }

  async function send(wanted: ApiRequest): Promise<ApiAnswer<unknown>> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await once(wanted);
      const busy = answer.status === 429 || (answer.status === 503 && answer.retryAfterMs !== undefined);
      if (busy && attempt < tries) {
        await sleep(Math.min(answer.retryAfterMs ?? 1000, longestWaitMs), undefined, { signal: wanted.signal });
      } else if ((answer.status >= 200 && answer.status < 300) || wanted.accept?.includes(answer.status) === true) {
        return answer;
      } else {
        throw refusal(wanted, answer);
      }
    }
  }

  async function list(path: string, labelSelector: string, signal?: AbortSignal): Promise<unknown[]> {
    const items: unknown[] = [];
    let token = '';
    for (let page = 1; page <= maxPages; page += 1) {
      const query = { labelSelector, limit: `${pageSize}`, ...(token === '' ? {} : { continue: token }) };
      const { status, body } = await send({ method: 'GET', path, query, signal, accept: token === '' ? [] : [410] });
      // The place where the list was broken off has been forgotten: it begins anew.
      if (status === 410) items.length = 0;
      const { items: found, metadata } = status === 410 ? { items: [], metadata: undefined } : (body as List<unknown>);
      items.push(...found);
      token = metadata?.continue ?? '';
      if (token === '' && status !== 410) return items;
    }
    throw unavailable('The cluster does not come to the end of a list; see whether its API server is overloaded.');
  }

  return {
    // The types of answers are those of the published API; what is read of them is optional throughout.
    send: send as KubernetesApi['send'],
    list: list as KubernetesApi['list'],
    stream: async (path, query, signal) => {
      const wanted: ApiRequest = { method: 'GET', path, query, signal };
      let response: IncomingMessage;
      try {
        response = await head(open(wanted));
      } catch (error) {
        throw asUnreachable(error, wanted);
      }
      const status = response.statusCode ?? 0;
      if (status === 200) return response;
      const body = parseBody(await read(response).catch(() => ''));
      if (status === 400 || status === 404) return undefined;
      throw refusal(wanted, { status, body });
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

const contentTypes = {
  none: 'application/json',
  merge: 'application/merge-patch+json',
  // The body is JSON, which is YAML.
  apply: 'application/apply-patch+yaml',
} as const;

const head = (request: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) {
      response.destroy();
      throw new Error(`an answer of more than ${maxBodyBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asUnreachable(error: unknown, { method, path, signal }: ApiRequest): unknown {
  if (error instanceof AppError || signal?.aborted === true) return error;
  return unavailable('The Kubernetes API cannot be reached; see that its address is right and this pod may reach it.', {
    detail: `${method} ${path}: ${error instanceof Error ? error.message : 'failed'}`,
    cause: error,
  });
}

const remedies: Readonly<Record<number, string>> = {
  401: 'The Kubernetes API does not know our credential; renew the service account or the token in KUBECONFIG.',
  403: 'The Kubernetes API refuses a request; give the orchestrator the Role of the Helm chart, and see that the namespace admits restricted pods and has quota left.',
  409: 'Somebody else is changing the same object of the cluster; it is tried again.',
  429: 'The Kubernetes API is overloaded; it is tried again.',
};

/** @param answer one that is no success; its `Status` says why (`meta/v1`) */
function refusal({ method, path }: ApiRequest, { status, body }: ApiAnswer<unknown>): AppError {
  const { reason, message } = (body ?? {}) as { readonly reason?: unknown; readonly message?: unknown };
  // What is said of a Secret might quote it.
  const said = path.includes('/secrets') ? '' : String(message ?? '').slice(0, 500);
  return unavailable(remedies[status] ?? `The Kubernetes API answered ${status}; its log and ours say why.`, {
    detail: `${method} ${path}: ${status} ${String(reason ?? '')} ${said}`,
  });
}
