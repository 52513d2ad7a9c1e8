import { GrowingBuffer } from '../../platform/growing-buffer.ts';
import { SseReader } from '../../platform/sse-reader.ts';
import { BridgeFault, networkFault, throwIfAborted } from './fault.ts';
import { maxMessageBytes } from './message.ts';
import { rpcCode } from '../../domain/protocol.ts';

/** Where a broken event stream can be taken up again (Streamable HTTP "Resumability and Redelivery"). */
export interface StreamPosition {
  lastEventId: string | undefined;
  retryMs: number | undefined;
}

/** Whether the body is an event stream. */
export const isEventStream = (response: Response): boolean => mediaType(response) === 'text/event-stream';

const mediaType = (response: Response): string =>
  (response.headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();

/**
 * The messages of an answer as they come: one of JSON, any number of an event stream.
 * @param position kept up to date while an event stream is read
 * @param signal of the request; its abortion ends the reading with the signal's reason
 * @throws BridgeFault when the connection breaks or a message is too large
 */
export async function* messagesOf(
  response: Response,
  position: StreamPosition,
  url: URL,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (isEventStream(response)) return yield* eventsOf(response, position, url, signal);
  const type = mediaType(response);
  if (type !== 'application/json')
    throw new BridgeFault(
      rpcCode.upstreamFailed,
      `${url.href} answers with ${/^[\w.+/-]{1,64}$/.test(type) ? type : 'no content type'} instead of an MCP message. Is --url right?`,
    );
  yield await wholeBody(response, maxMessageBytes, url, signal);
}

/** The whole body, bounded. */
export async function wholeBody(response: Response, most: number, url: URL, signal: AbortSignal): Promise<Buffer> {
  const body = new GrowingBuffer();
  for await (const chunk of chunksOf(response, url, signal)) {
    if (body.length + chunk.length > most) throw tooLarge();
    body.push(chunk);
  }
  return body.view();
}

async function* eventsOf(
  response: Response,
  position: StreamPosition,
  url: URL,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let events: Buffer[] = [];
  const reader = new SseReader((data) => void events.push(data), maxMessageBytes);
  for await (const chunk of chunksOf(response, url, signal)) {
    try {
      reader.push(chunk);
    } catch (error) {
      throw error instanceof RangeError ? tooLarge() : error;
    }
    position.lastEventId = reader.lastEventId ?? position.lastEventId;
    position.retryMs = reader.retryMs ?? position.retryMs;
    const complete = events;
    events = [];
    yield* complete;
  }
}

async function* chunksOf(response: Response, url: URL, signal: AbortSignal): AsyncGenerator<Buffer> {
  if (response.body === null) return;
  const chunks = response.body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await next(chunks, url, signal);
      if (done === true) return;
      yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  } finally {
    // Whoever stops reading closes the stream, which in the modern era is how a call is cancelled.
    await chunks.return?.().catch(() => undefined);
  }
}

async function next<T>(chunks: AsyncIterator<T>, url: URL, signal: AbortSignal): Promise<IteratorResult<T>> {
  try {
    return await chunks.next();
  } catch (error) {
    throwIfAborted(signal);
    throw networkFault(error, url);
  }
}

const tooLarge = (): BridgeFault =>
  new BridgeFault(rpcCode.upstreamFailed, `An answer of the gateway is larger than ${maxMessageBytes} bytes.`);
