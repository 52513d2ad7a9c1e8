import type { ByteStream } from '@mcpnest/contract/operation';
import { SseReader } from '../platform/sse-reader.ts';
import type { Io } from './io.ts';

const mostEventBytes = 4 * 1024 * 1024;

/**
 * Print server-sent events, one JSON object `{event, …}` a line, until they end or this process is told to.
 * @throws what broke the stream
 */
export async function printEvents(io: Io, { body }: ByteStream): Promise<void> {
  const { signal } = io.streams();
  const reader = body.getReader();
  const stop = (): void => void reader.cancel().catch(() => undefined);
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const events = new SseReader((data, event) => {
    io.out(`${JSON.stringify({ event, ...(JSON.parse(data.toString()) as object) })}\n`);
  }, mostEventBytes);
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    events.push(Buffer.from(value));
  }
}
