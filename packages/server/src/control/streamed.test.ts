import { expect, it } from 'vitest';
import { handover } from '@mcpnest/contract/operations/handover';
import { createLog } from '../platform/log.ts';
import { streamedResponse } from './streamed.ts';

it('a reader who goes away while something is awaited is no fault of the stream', async () => {
  const said: string[] = [];
  const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) }, { highWaterMark: 0 });
  const answer = { contentType: 'application/zip', headers: {}, body };
  const log = { ...createLog('silent'), error: (...args: unknown[]) => void said.push(String(args[1])) };
  const reader = streamedResponse(handover.evidence, answer, log).body!.getReader();
  const read = reader.read();
  await reader.cancel();
  expect(await read).toEqual({ done: true, value: undefined });
  await new Promise(setImmediate);
  expect(said).toEqual([]);
});

it('a stream whose reader is gone before the first byte is told so, and nothing of it is read', async () => {
  const said: string[] = [];
  const body = new ReadableStream<Uint8Array>(
    { pull: () => void said.push('read'), cancel: () => void said.push('cancelled') },
    { highWaterMark: 0 },
  );
  const answer = { contentType: 'application/zip', headers: {}, body };
  const { body: sent } = streamedResponse(handover.evidence, answer, createLog('silent'));
  await sent!.cancel();
  expect(said).toEqual(['cancelled']);
});
