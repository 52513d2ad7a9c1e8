import { rpcCode } from '../../domain/protocol.ts';
import { BridgeFault, statusFault } from './fault.ts';
import type { GatewayHttp } from './gateway-http.ts';
import { readMessage, type Message } from './message.ts';
import { messagesOf } from './response-body.ts';

/**
 * Send a request of the bridge's own and read its answer, which may be a JSON-RPC error. Whatever else the gateway
 * says on the same stream is left out.
 * @throws BridgeFault when there is none
 */
export async function ask(
  http: GatewayHttp,
  request: Message,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<{ response: Response; answer: Message }> {
  const response = await http.send({ method: 'POST', headers, signal, body: request.bytes });
  if (!response.ok) {
    await response.body?.cancel();
    throw statusFault(response, http.url);
  }
  const position = { lastEventId: undefined, retryMs: undefined };
  for await (const bytes of messagesOf(response, position, http.url, signal)) {
    const answer = readMessage(bytes, 'gateway');
    if (answer.kind === 'response' && answer.id?.key === request.id?.key) return { response, answer };
  }
  throw new BridgeFault(rpcCode.upstreamFailed, `The gateway gave no answer to ${request.method}.`);
}
