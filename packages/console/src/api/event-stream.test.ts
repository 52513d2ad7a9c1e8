import { expect, it } from 'vitest';
import { eventsOf } from './event-stream.ts';
import type { StreamEvent } from './event-stream.ts';

const bodyOf = (...chunks: string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
async function all(body: ReadableStream<Uint8Array>): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  for await (const event of eventsOf(body)) events.push(event);
  return events;
}

it('reads events wherever the chunks are cut, and leaves comments out', async () => {
  const text = 'retry: 2000\n\n: alive\n\nevent: call\ndata: {"a":\ndata: 1}\n\nevent: ready\ndata: {}\n\n';
  const expected = [
    { event: 'call', data: '{"a":\n1}' },
    { event: 'ready', data: '{}' },
  ];
  expect(await all(bodyOf(text))).toEqual(expected);
  expect(await all(bodyOf(...Array.from(text)))).toEqual(expected);
});

it('gives an event that never ends up', async () => {
  await expect(all(bodyOf('data: ' + 'x'.repeat(5 * 1024 * 1024)))).rejects.toThrow('too long');
});

it('lets go of the body when nobody reads on', async () => {
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const event of eventsOf(body)) {
    expect(event.data).toBe('1');
    break;
  }
  expect(cancelled).toBe(true);
});
