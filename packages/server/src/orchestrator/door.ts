import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, unavailable } from '../domain/errors.ts';
import type { HostedLogs } from '../domain/hosted/logs.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import {
  isSigned,
  logsRequest,
  maxRequestBytes,
  orchestratorVerbs,
  stillHereMs,
  type LogsRequest,
} from '../platform/orchestrator-call/call.ts';

export interface DoorDeps {
  readonly logs: HostedLogs;
  /** Derived for `callKeyPurpose`. */
  readonly key: Buffer;
  readonly clock: Clock;
  readonly log: Log;
}

/** Answers under way at a time; whoever asks beyond that is told to come back. */
const mostAnswers = 128;

/**
 * What other processes can ask of an orchestrator: the lines of an instance they name by its id. Nothing that comes in
 * here reaches the runtime but that id; what runs follows from the database alone.
 */
export function createDoor(deps: DoorDeps): (req: IncomingMessage, res: ServerResponse) => void {
  const { key, clock, log } = deps;
  let answers = 0;

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const verb = orchestratorVerbs.find((path) => path === req.url);
    if (verb === undefined) return refuse(res, 404, 'There is no such verb.');
    if (req.method !== 'POST') return refuse(res, 405, 'Use POST.');
    const body = await readBody(req);
    if (body === undefined) return refuse(res, 413, 'The request is too long.');
    if (!isSigned(key, clock, req.headers.authorization, verb, body)) return refuse(res, 401, 'Sign the request.');
    const asked = logsRequest.safeParse(parse(body)).data;
    if (asked === undefined) return refuse(res, 400, 'Send {"instance", "lines"} and nothing else.');
    if (verb === '/follow') return follow(deps.logs, asked, res);
    const lines = await deps.logs.tail(asked.instance, asked.lines, leftBy(res, AbortSignal.timeout(10_000)));
    send(res, 200, { lines });
  }

  return (req, res) => {
    if (answers >= mostAnswers) return refuse(res, 503, 'The orchestrator is asked too much at once. Try again.');
    answers += 1;
    answer(req, res)
      .catch((error: unknown) => {
        const known = error instanceof AppError ? error : unavailable('The orchestrator could not read the log.');
        if (!res.destroyed) log.warn({ err: error }, 'a log could not be read');
        // Cut off, an answer that has begun does not look like one that has ended.
        if (res.headersSent) res.destroy();
        else refuse(res, known.code === 'not_found' ? 404 : 503, known.message);
      })
      .finally(() => (answers -= 1));
  };
}

/** Lines as they come, no faster than they are read. */
async function follow(logs: HostedLogs, { instance, lines }: LogsRequest, res: ServerResponse): Promise<void> {
  const left = leftBy(res);
  const coming = logs.follow(instance, lines, left)[Symbol.asyncIterator]();
  const timer = setInterval(() => void (res.headersSent && !res.writableNeedDrain && res.write('\n')), stillHereMs);
  try {
    const found = coming.next();
    // Whom there is nothing to say to yet is told that he is heard; a refusal comes first.
    const begun = await Promise.race([found, soon(left)]);
    res.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' }).flushHeaders();
    for (let next = begun ?? (await found); next.done !== true; next = await coming.next()) {
      if (!res.write(`${JSON.stringify(next.value)}\n`)) await once(res, 'drain', { signal: left });
    }
    res.end();
  } catch (error) {
    if (!left.aborted) throw error;
  } finally {
    clearInterval(timer);
    void coming.return?.().catch(() => undefined);
  }
}

const soon = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, 500, undefined);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve(undefined)), { once: true });
  });

/** @returns a signal for when whoever asked has gone, or the other one comes */
function leftBy(res: ServerResponse, other?: AbortSignal): AbortSignal {
  const left = new AbortController();
  res.once('close', () => left.abort());
  return other === undefined ? left.signal : AbortSignal.any([left.signal, other]);
}

/** @returns undefined when it is too long; what is left of it is not read then */
async function readBody(req: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxRequestBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const refuse = (res: ServerResponse, status: number, message: string): void => send(res, status, { message });

function send(res: ServerResponse, status: number, body: object): void {
  if (res.destroyed) return;
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' };
  res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
}
