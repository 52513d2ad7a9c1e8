import type { ToolCall } from '@mcpnest/contract/schemas/records';
import { useEffect, useReducer } from 'react';
import { client } from '../../api/client.ts';
import { eventsOf } from '../../api/event-stream.ts';
import { problemOf } from '../../api/problem.ts';
import type { CallQuery } from './call-filters.ts';

/** Calls that are kept in sight, and as many while paused; older ones are in the search. */
const mostKept = 1_000;
const retryMs = 3_000;

/** What came while the page looked on. */
export interface LiveCalls {
  readonly state: 'opening' | 'open' | 'lost' | 'ended';
  /** Newest first. */
  readonly calls: readonly ToolCall[];
  /** What came while paused, newest first. */
  readonly held: readonly ToolCall[];
  readonly paused: boolean;
  /** More came than could be told. */
  readonly skipped: boolean;
  readonly reason: string | null;
}

export type LiveAction =
  | { readonly type: 'call'; readonly call: ToolCall }
  | { readonly type: 'state'; readonly state: LiveCalls['state']; readonly reason?: string }
  | { readonly type: 'begin' | 'pause' | 'resume' | 'skipped' };

const nothing: LiveCalls = { state: 'opening', calls: [], held: [], paused: false, skipped: false, reason: null };

/** What an event makes of what was seen so far. */
export function liveReducer(live: LiveCalls, action: LiveAction): LiveCalls {
  switch (action.type) {
    case 'begin':
      return nothing;
    case 'call': {
      const { call } = action;
      // Rows are known by their ids, so that none may be there twice.
      const put = (rows: readonly ToolCall[]) => [call, ...rows.filter(({ id }) => id !== call.id)].slice(0, mostKept);
      if (live.paused) return { ...live, held: put(live.held), skipped: live.skipped || live.held.length === mostKept };
      return { ...live, calls: put(live.calls) };
    }
    case 'pause':
      return { ...live, paused: true };
    case 'resume':
      return { ...live, paused: false, held: [], calls: [...live.held, ...live.calls].slice(0, mostKept) };
    case 'skipped':
      return { ...live, skipped: true };
    case 'state':
      return { ...live, state: action.state, reason: action.reason ?? null };
  }
}

/**
 * Calls as they are recorded, while `query` is not null. What is lost on the way is opened again; what the server ends
 * stays ended.
 */
export function useLiveCalls(
  workspace: string,
  query: CallQuery | null,
): readonly [LiveCalls, (action: LiveAction) => void] {
  const [live, tell] = useReducer(liveReducer, nothing);
  const asked = query === null ? null : JSON.stringify(query);
  useEffect(() => {
    if (asked === null) return undefined;
    const ended = new AbortController();
    tell({ type: 'begin' });
    void follow(workspace, JSON.parse(asked) as CallQuery, tell, ended.signal);
    return () => ended.abort();
  }, [workspace, asked]);
  return [live, tell];
}

async function follow(
  workspace: string,
  query: CallQuery,
  tell: (action: LiveAction) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const { body } = await client.calls.tail({ params: { workspace }, query });
      for await (const { event, data } of eventsOf(abortable(body, signal))) {
        if (event === 'ready') tell({ type: 'state', state: 'open' });
        else if (event === 'call') tell({ type: 'call', call: JSON.parse(data) as ToolCall });
        else if (event === 'skipped') tell({ type: 'skipped' });
        else if (event === 'end') {
          tell({ type: 'state', state: 'ended', reason: (JSON.parse(data) as { reason: string }).reason });
          return;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      const { retryable, detail } = problemOf(error);
      if (!retryable) return tell({ type: 'state', state: 'ended', reason: detail });
    }
    if (signal.aborted) return;
    tell({ type: 'state', state: 'lost' });
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

/** A body that ends as soon as the signal says so, also while nothing comes. */
const abortable = (body: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> =>
  body.pipeThrough(new TransformStream(), { signal });
