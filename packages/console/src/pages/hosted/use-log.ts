import { useEffect, useReducer } from 'react';
import { client } from '../../api/client.ts';
import { eventsOf } from '../../api/event-stream.ts';
import { problemOf } from '../../api/problem.ts';
import { logReducer, nothingYet } from './log-lines.ts';
import type { Faring, LogAction, LogLine, LogSoFar } from './log-lines.ts';

const pollMs = 3_000;

type Tell = (action: LogAction) => void;

/**
 * What an instance writes and how it fares, while `on`; another instance needs a component of its own (`key`). Where no stream can be held open the last lines are read every
 * three seconds instead, and the stream is tried again.
 */
export function useLog(instance: string, on: boolean): readonly [LogSoFar, Tell] {
  const [log, tell] = useReducer(logReducer, nothingYet);
  useEffect(() => {
    if (!on) return undefined;
    const left = new AbortController();
    void listen(instance, tell, left.signal);
    return () => left.abort();
  }, [instance, on]);
  return [log, tell];
}

async function listen(instance: string, tell: Tell, signal: AbortSignal): Promise<void> {
  const params = { instance };
  while (!signal.aborted) {
    await follow(instance, tell, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const logs = await client.hosted.logs({ params, query: {} });
      if (signal.aborted) return;
      tell({ type: 'read', logs });
    } catch (error) {
      if (signal.aborted) return;
      const { retryable, detail } = problemOf(error);
      if (!retryable) return tell({ type: 'ended', reason: detail });
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** @throws ApiError, or what reading the stream throws */
async function follow(instance: string, tell: Tell, signal: AbortSignal): Promise<void> {
  const { body } = await client.hosted.follow({ params: { instance } });
  const cut = body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), { signal });
  if (signal.aborted) return;
  tell({ type: 'opened' });
  for await (const { event, data } of eventsOf(cut)) {
    if (signal.aborted) return;
    if (event === 'line') tell({ type: 'line', line: JSON.parse(data) as Omit<LogLine, 'key'> });
    else if (event === 'state') tell({ type: 'state', faring: JSON.parse(data) as Faring });
  }
}
