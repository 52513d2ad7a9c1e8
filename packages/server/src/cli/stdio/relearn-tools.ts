import { member, sourceText } from '../../platform/json/scan.ts';
import { ask } from './ask.ts';
import type { GatewayHttp } from './gateway-http.ts';
import { parsedValue, readMessage, type Message } from './message.ts';
import { postHeaders } from './request-headers.ts';
import type { ToolHeaders } from './tool-headers.ts';

const maxPages = 100;
const patienceMs = 30_000;

/**
 * List the tools on behalf of a call whose headers the gateway found wanting: the client may know the tool from a list
 * that did not pass by here.
 * @returns whether the headers of the call are others now
 * @throws BridgeFault
 */
export async function relearnTools(
  http: GatewayHttp,
  tools: ToolHeaders,
  call: Message,
  signal: AbortSignal,
): Promise<boolean> {
  const before = JSON.stringify(tools.of(call));
  const within = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const meta = sourceText(call.bytes, member(call.params, '_meta')!);
  let cursor: unknown;
  for (let page = 0; page < maxPages; page++) {
    const from = cursor === undefined ? '' : `,"cursor":${JSON.stringify(cursor)}`;
    const text = `{"jsonrpc":"2.0","id":"mcpnest-tools","method":"tools/list","params":{"_meta":${meta}${from}}}`;
    const list = readMessage(Buffer.from(text), 'client');
    const { answer } = await ask(http, list, postHeaders(list, undefined, tools), within);
    const node = member(answer.root, 'result');
    if (node === undefined) break;
    const result = parsedValue(answer, node) as { nextCursor?: unknown } | undefined;
    tools.learn(result);
    cursor = result?.nextCursor;
    if (typeof cursor !== 'string') break;
  }
  return JSON.stringify(tools.of(call)) !== before;
}
