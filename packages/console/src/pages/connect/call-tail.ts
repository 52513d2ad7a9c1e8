import type { ToolCall } from '@mcpnest/contract/schemas/records';
import { client } from '../../api/client.ts';

/**
 * Calls of one token as they are recorded, in events of calls.tail. What was before is not told.
 * @returns to end it; after that nothing is told any more
 */
export function followCalls(workspace: string, tokenId: string, onCall: (call: ToolCall) => void): () => void {
  let ended = false;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const decoder = new TextDecoder();
  async function follow(): Promise<void> {
    const { body } = await client.calls.tail({ params: { workspace }, query: { tokenId } });
    reader = body.getReader();
    if (ended) return void reader.cancel();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done || ended) return;
      const events = (text + decoder.decode(value, { stream: true })).split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const call = callOf(event);
        if (call !== undefined) onCall(call);
      }
    }
  }
  // The line that shows it goes on with what else is known; whoever looks can reload.
  follow().catch(() => undefined);
  return () => {
    ended = true;
    reader?.cancel().catch(() => undefined);
  };
}

/** The call an event tells of; undefined for any other event. */
export function callOf(event: string): ToolCall | undefined {
  const lines = event.split('\n');
  if (!lines.includes('event: call')) return undefined;
  const data = lines.flatMap((line) => (line.startsWith('data:') ? [line.slice(5)] : [])).join('\n');
  // What our own server sends is what the contract says.
  return JSON.parse(data) as ToolCall;
}
