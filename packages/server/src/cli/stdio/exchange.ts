import { rpcCode } from '../../domain/protocol.ts';
import { BridgeFault, statusFault } from './fault.ts';
import type { GatewayHttp } from './gateway-http.ts';
import { openStream, waitBeforeRetry } from './listener.ts';
import { errorCode, readMessage, type Message } from './message.ts';
import { relearnTools } from './relearn-tools.ts';
import { postHeaders, type Session } from './request-headers.ts';
import { messagesOf, wholeBody, type StreamPosition } from './response-body.ts';
import type { SessionKeeper } from './session.ts';
import type { ToolHeaders } from './tool-headers.ts';

export interface ExchangeDeps {
  readonly http: GatewayHttp;
  readonly tools: ToolHeaders;
  readonly session: SessionKeeper;
}

/** A request as it is sent. */
export interface Outgoing {
  readonly request: Message;
  readonly modern: boolean;
  readonly signal: AbortSignal;
}

/** What the gateway answered over HTTP: messages to read, or the JSON-RPC error that an HTTP error carried. */
export type HttpAnswer = { readonly response: Response; readonly error: undefined } | { readonly error: Message };

const maxErrorBytes = 1024 * 1024;
/** Attempts in a row to take up a broken stream that bring nothing. */
const maxResumes = 5;

/**
 * POST a request. It is sent a second time in two cases, in both of which the first was not run: the gateway has
 * forgotten the session, or misses headers that only a look at the tool list can give.
 * @throws BridgeFault
 */
export async function post(deps: ExchangeDeps, outgoing: Outgoing): Promise<HttpAnswer> {
  const answer = await postInSession(deps, outgoing);
  const { request, modern, signal } = outgoing;
  const lacksHeaders =
    modern &&
    request.method === 'tools/call' &&
    answer.error !== undefined &&
    errorCode(answer.error) === rpcCode.headerMismatch;
  // Where the list cannot be had either, what the gateway said first is the answer.
  if (!lacksHeaders || !(await relearnTools(deps.http, deps.tools, request, signal).catch(() => false))) return answer;
  return await readStatus(deps, outgoing, await postOnce(deps, outgoing));
}

async function postInSession(deps: ExchangeDeps, outgoing: Outgoing): Promise<HttpAnswer> {
  const used = deps.session.current;
  const response = await postOnce(deps, outgoing);
  const inSession = !outgoing.modern && used?.id !== undefined && outgoing.request.method !== 'initialize';
  if (response.status !== 404 || !inSession) return await readStatus(deps, outgoing, response);
  await response.body?.cancel();
  await deps.session.reopen(used);
  return await readStatus(deps, outgoing, await postOnce(deps, outgoing));
}

function postOnce({ http, tools, session }: ExchangeDeps, { request, signal }: Outgoing): Promise<Response> {
  const headers = postHeaders(request, session.current, tools);
  return http.send({ method: 'POST', headers, signal, body: request.bytes });
}

async function readStatus({ http }: ExchangeDeps, { signal }: Outgoing, response: Response): Promise<HttpAnswer> {
  if (response.ok) return { response, error: undefined };
  const error = errorIn(await wholeBody(response, maxErrorBytes, http.url, signal));
  // The remedy for a refused token is on this machine, and only the bridge knows it.
  if (error === undefined || response.status === 401) throw statusFault(response, http.url);
  return { error };
}

/** The JSON-RPC error a body consists of, if it does. */
function errorIn(body: Buffer): Message | undefined {
  try {
    const answer = readMessage(body, 'gateway');
    return errorCode(answer) === undefined ? undefined : answer;
  } catch {
    return undefined;
  }
}

/**
 * The messages of an answer as they come. In a session a stream that breaks is taken up where it broke off, if its
 * events had ids; a server of 2025-11-25 breaks it on purpose, to be asked again.
 * @throws BridgeFault
 */
export async function* messagesWithResumption(
  http: GatewayHttp,
  response: Response,
  session: Session | undefined,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const position: StreamPosition = { lastEventId: undefined, retryMs: undefined };
  let stream: Response | undefined = response;
  for (let failures = 0; failures <= maxResumes;) {
    const from = position.lastEventId;
    try {
      stream ??= await resume(http, session!, position, signal);
      yield* messagesOf(stream, position, http.url, signal);
    } catch (error) {
      const lasting = !(error instanceof BridgeFault) || error.code === 401 || error.code === 404;
      if (lasting || session === undefined || position.lastEventId === undefined) throw error;
    }
    if (session === undefined || position.lastEventId === undefined) return;
    failures = position.lastEventId === from ? failures + 1 : 0;
    stream = undefined;
    await waitBeforeRetry(position.retryMs, failures, signal);
  }
}

async function resume(
  http: GatewayHttp,
  session: Session,
  position: StreamPosition,
  signal: AbortSignal,
): Promise<Response> {
  const response = await openStream(http, session, position, signal);
  if (response.ok) return response;
  await response.body?.cancel();
  throw response.status === 404
    ? new BridgeFault(404, 'The gateway has forgotten the session; whether the call was made is not known.')
    : statusFault(response, http.url);
}
