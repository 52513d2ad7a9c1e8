import { request as openRequest, type IncomingMessage } from 'node:http';
import { AppError, notFound, unavailable } from '../../domain/errors.ts';
import type { HostedLine, HostedLogs } from '../../domain/hosted/logs.ts';
import type { Clock } from '../clock.ts';
import {
  hostedLine,
  logsAnswer,
  refusalAnswer,
  signCall,
  stillHereMs,
  type LogsRequest,
  type OrchestratorVerb,
} from './call.ts';

/** Where an orchestrator in a process of its own answers: the absolute path of a unix socket, or an http origin. */
export type OrchestratorAddress = { readonly socketPath: string } | { readonly url: string };

const beginsWithinMs = 10_000;
const maxAnswerBytes = 1024 * 1024;
const maxLineBytes = 32 * 1024;

/**
 * Ask an orchestrator in a process of its own what hosted servers write.
 * @param key derived for `callKeyPurpose`
 */
export function createRemoteLogs(address: OrchestratorAddress, key: Buffer, clock: Clock): HostedLogs {
  const send = (verb: OrchestratorVerb, asked: LogsRequest, signal: AbortSignal): Promise<IncomingMessage> => {
    const body = JSON.stringify(asked);
    const headers = { 'content-type': 'application/json', authorization: signCall(key, clock, verb, body) };
    return begin(address, verb, { headers, body }, signal);
  };
  return {
    tail: (instance, lines, signal = AbortSignal.timeout(beginsWithinMs)) =>
      explained(signal, async () => {
        const response = await send('/logs', { instance, lines }, signal);
        return logsAnswer.parse(JSON.parse(await readAll(await accepted(response, instance)))).lines;
      }),
    async *follow(instance, lines, signal) {
      const response = await explained(signal, async () =>
        accepted(await send('/follow', { instance, lines }, signal), instance),
      );
      const coming = linesOf(response);
      try {
        for (;;) {
          const next = await explained(signal, () => coming.next());
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        response.destroy();
      }
    },
  };
}

/** Whether anybody listens on a unix socket. */
export async function isAnswered(socketPath: string): Promise<boolean> {
  try {
    const response = await begin({ socketPath }, '/healthz', undefined, AbortSignal.timeout(beginsWithinMs));
    response.destroy();
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== 'ECONNREFUSED' && code !== 'ENOENT';
  }
}

/** Send a request, a GET where it says nothing. @returns the answer once it begins, which is to be within ten seconds */
async function begin(
  address: OrchestratorAddress,
  path: string,
  said: { readonly headers: Readonly<Record<string, string>>; readonly body: string } | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), beginsWithinMs);
  const where =
    'socketPath' in address
      ? { socketPath: address.socketPath, path }
      : { ...{ host: new URL(address.url).hostname, port: new URL(address.url).port || 80 }, path };
  const options = { ...where, method: said === undefined ? 'GET' : 'POST', headers: said?.headers, agent: false };
  try {
    return await new Promise((resolve, reject) => {
      openRequest({ ...options, signal: AbortSignal.any([signal, late.signal]) }, resolve)
        .on('error', reject)
        .end(said?.body);
    });
  } finally {
    clearTimeout(timer);
  }
}

/** @throws AppError that says why it was refused */
async function accepted(response: IncomingMessage, instance: string): Promise<IncomingMessage> {
  const { statusCode } = response;
  if (statusCode === 200) return response;
  if (statusCode === 404) {
    response.destroy();
    throw notFound('hosted instance', instance);
  }
  if (statusCode === 401) {
    response.destroy();
    throw unavailable(
      'The orchestrator does not know this server. Give both the same MCPNEST_SECRET_KEY, and clocks that agree.',
    );
  }
  const { message } = refusalAnswer.parse(JSON.parse(await readAll(response)));
  throw unavailable(message);
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new RangeError('an answer of the orchestrator is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** One line of JSON each; empty ones say that there is nothing to say, and where they are missing nobody is there. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<HostedLine, void> {
  response.setTimeout(3 * stillHereMs, () => response.destroy(new Error('the orchestrator has fallen silent')));
  let held = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    const parts = (held + chunk).split('\n');
    held = parts.pop()!;
    if (held.length > maxLineBytes) throw new RangeError('a line of the orchestrator is too long');
    for (const part of parts) if (part !== '') yield hostedLine.parse(JSON.parse(part));
  }
  if (held !== '') throw new SyntaxError('the last line of the orchestrator is cut off');
}

/** Give what fails on the way its meaning and remedy; the caller's own end stays what it is. */
async function explained<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') {
      throw unavailable(
        'This server may not use the socket of the orchestrator. Put its user into the group of the folder the socket is in.',
        { cause: error },
      );
    }
    if (signal.aborted && !(signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'))
      signal.throwIfAborted();
    throw unavailable(
      'The orchestrator is away. Tools and calls go on; what servers write can be read once it has been started again.',
      { cause: error },
    );
  }
}
