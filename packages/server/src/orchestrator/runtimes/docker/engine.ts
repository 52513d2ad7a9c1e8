import { Agent, request as openRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { AppError, unavailable } from '../../../domain/errors.ts';

/** Version of the Engine API this client speaks wherever the engine still does: that of Docker 20.10. */
const spoken = '1.41';
const defaultTimeoutMs = 60_000;
const maxAnswerBytes = 8 * 1024 * 1024;

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the version, `/containers/json`; names in it are encoded already. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Statuses besides 2xx that are answers and no faults. */
  readonly accept?: readonly number[];
  /** Milliseconds until the whole answer is there, of a stream until it begins; 60 s if left out. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface EngineAnswer {
  readonly status: number;
  /** Parsed JSON; null where there is none. */
  readonly body: unknown;
}

/** The Docker Engine API over its socket; all of the product that speaks to an engine. */
export interface Engine extends Disposable {
  /** @throws AppError `unavailable`: unreachable, too old, too slow, or it refused; the engine's words are its detail */
  call(request: EngineRequest): Promise<EngineAnswer>;
  /** An answer without an end of its own; whoever asked reads or destroys it. @throws as `call` */
  stream(request: EngineRequest): Promise<IncomingMessage>;
  /** The standard input of a container, open before it starts. @throws as `call` */
  attachInput(container: string, signal?: AbortSignal): Promise<Duplex>;
}

/** @param socketPath path of the engine's unix socket */
export function createEngine(socketPath: string): Engine {
  // For calls; what lasts has a connection of its own, so that it keeps no call waiting.
  const calls = new Agent({ keepAlive: true, maxSockets: 32 });
  let version: Promise<string> | undefined;

  const send = async (
    path: string,
    request: EngineRequest,
    signal: AbortSignal,
    agent: Agent | false = calls,
  ): Promise<IncomingMessage> =>
    await new Promise((resolve, reject) => {
      const payload = request.body === undefined ? undefined : JSON.stringify(request.body);
      const headers = payload === undefined ? {} : { 'content-type': 'application/json' };
      const options = { socketPath, agent, path, method: request.method, headers, signal };
      openRequest(options, resolve).on('error', reject).end(payload);
    });

  const negotiate = async (signal: AbortSignal | undefined): Promise<string> => {
    const asked = limited(signal, defaultTimeoutMs);
    const response = await send('/version', { method: 'GET', path: '' }, asked);
    return chooseVersion(await readJson(response));
  };

  const versioned = async (request: EngineRequest): Promise<string> => {
    version ??= negotiate(request.signal);
    try {
      const query = request.query === undefined ? '' : `?${new URLSearchParams(request.query).toString()}`;
      return `/v${await version}${request.path}${query}`;
    } catch (error) {
      version = undefined;
      throw error;
    }
  };

  const begin = async (request: EngineRequest, signal: AbortSignal, agent?: false): Promise<IncomingMessage> => {
    const response = await send(await versioned(request), request, signal, agent);
    const status = response.statusCode ?? 0;
    if ((status >= 200 && status < 300) || request.accept?.includes(status) === true) return response;
    throw refused(request, status, await readJson(response));
  };

  return {
    call: (request) =>
      explained(socketPath, request.signal, async () => {
        const response = await begin(request, limited(request.signal, request.timeoutMs ?? defaultTimeoutMs));
        return { status: response.statusCode ?? 0, body: await readJson(response) };
      }),
    stream: (request) =>
      explained(socketPath, request.signal, async () => {
        const begun = new AbortController();
        const timer = setTimeout(() => begun.abort(timedOut()), request.timeoutMs ?? defaultTimeoutMs);
        try {
          return await begin(request, either(request.signal, begun.signal), false);
        } finally {
          clearTimeout(timer);
        }
      }),
    attachInput: (container, signal) =>
      explained(socketPath, signal, async () => {
        const request = {
          method: 'POST',
          path: `/containers/${encodeURIComponent(container)}/attach`,
          query: { stream: '1', stdin: '1' },
          signal,
        } as const;
        const path = await versioned(request);
        return await new Promise<Duplex>((resolve, reject) => {
          const headers = { connection: 'Upgrade', upgrade: 'tcp' };
          const options = { socketPath, path, method: 'POST', headers, signal: limited(signal, defaultTimeoutMs) };
          openRequest(options)
            .on('upgrade', (_response, socket) => resolve(socket))
            .on('response', (response) => {
              readJson(response).then((body) => reject(refused(request, response.statusCode ?? 0, body)), reject);
            })
            .on('error', reject)
            .end();
        });
      }),
    [Symbol.dispose]: () => calls.destroy(),
  };
}

const versionAnswer = z.object({ ApiVersion: z.string(), MinAPIVersion: z.string().default('1.12') });

/** @throws AppError `unavailable` when the engine is older than what the hardening needs */
function chooseVersion(body: unknown): string {
  const { ApiVersion: newest, MinAPIVersion: oldest } = versionAnswer.parse(body);
  if (minor(newest) < minor(spoken)) {
    throw unavailable('The container engine is too old: MCPNest needs Docker 20.10 or newer.', {
      detail: `API ${newest}`,
    });
  }
  return minor(oldest) > minor(spoken) ? oldest : spoken;
}

const minor = (version: string): number => Number(/^1\.(\d{1,4})$/.exec(version)?.[1] ?? 0);

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw unavailable('The container engine gave an answer of more than 8 MiB.');
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  return text.trim() === '' ? null : (JSON.parse(text) as unknown);
}

const refusal = z.object({ message: z.string() });

function refused(request: EngineRequest, status: number, body: unknown): AppError {
  const message = refusal.safeParse(body).data?.message ?? 'no reason given';
  return unavailable('The container engine refused what was asked of it; the log has its reason.', {
    detail: `${request.method} ${request.path}: ${status} ${message.slice(0, 1000)}`,
  });
}

/** Give what fails on the way its meaning and remedy; the caller's own end stays what it is. */
async function explained<T>(socketPath: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof AppError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw unavailable(reason(code, socketPath), { cause: error });
  }
}

function reason(code: unknown, socketPath: string): string {
  if (code === 'ENOENT')
    return `There is no container engine at ${socketPath}: start it, or set MCPNEST_DOCKER_SOCKET.`;
  if (code === 'EACCES') return `MCPNest may not use the container engine at ${socketPath}: give its user the socket.`;
  if (code === 'ECONNREFUSED') return `The container engine at ${socketPath} does not run: start it.`;
  return 'The container engine did not answer as it should; the log has the cause.';
}

const timedOut = (): AppError => unavailable('The container engine did not answer in time.');

const either = (signal: AbortSignal | undefined, other: AbortSignal): AbortSignal =>
  signal === undefined ? other : AbortSignal.any([signal, other]);

const limited = (signal: AbortSignal | undefined, ms: number): AbortSignal => either(signal, AbortSignal.timeout(ms));
