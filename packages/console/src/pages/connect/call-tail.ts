import type { ToolCall } from '@mcpnest/contract/schemas/records';
import { client } from '../../api/client.ts';
import { eventsOf } from '../../api/event-stream.ts';

/**
 * Calls of one token as they are recorded, in events of calls.tail. What was before is not told.
 * @param signal ends it; after that nothing is told any more
 */
export function followCalls(
  workspace: string,
  tokenId: string,
  onCall: (call: ToolCall) => void,
  signal: AbortSignal,
): void {
  async function follow(): Promise<void> {
    const { body } = await client.calls.tail({ params: { workspace }, query: { tokenId } });
    const untilEnded = body.pipeThrough(new TransformStream(), { signal });
    for await (const { event, data } of eventsOf(untilEnded)) {
      // What our own server sends is what the contract says.
      if (event === 'call') onCall(JSON.parse(data) as ToolCall);
    }
  }
  // The line that shows it goes on with what else is known; whoever looks can reload.
  follow().catch(() => undefined);
}
