import { createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';

/**
 * A very cheap MCP server over Streamable HTTP, its own process, so that what is measured is what stands in front
 * of it. HTTP/1.1 is written by hand on node:net: it trusts its loopback peer and is fit for nothing but measuring.
 * Arguments: --tools k (length of tools/list; the first is `echo`), --size n (bytes of text in a tools/call result;
 * 0 = the message comes back). Tells its parent `{ port }`, ends when the parent goes away.
 */

interface RpcRequest {
  id?: string | number;
  method?: string;
  params?: { name?: string; protocolVersion?: string; arguments?: { message?: unknown } };
}

interface Answer {
  status: number;
  session?: string;
  json?: string;
}

const { values } = parseArgs({
  options: { tools: { type: 'string', default: '20' }, size: { type: 'string', default: '0' } },
});
const padding = 'x'.repeat(Number(values.size));
const list = JSON.stringify({ tools: Array.from({ length: Number(values.tools) }, (_, index) => tool(index)) });
let sessions = 0;

function tool(index: number): object {
  const echo = index === 0;
  return {
    name: echo ? 'echo' : `tool_${index}`,
    description: echo
      ? 'Gives the message back.'
      : `Looks up record kind ${index} by its identifier and gives its fields.`,
    inputSchema: {
      type: 'object',
      properties: echo
        ? { message: { type: 'string', description: 'Text to give back' } }
        : {
            id: { type: 'string', description: 'Identifier of the record' },
            limit: { type: 'integer', minimum: 1, maximum: 100 },
            verbose: { type: 'boolean' },
          },
      required: [echo ? 'message' : 'id'],
    },
  };
}

function answer(body: string): Answer {
  const request = JSON.parse(body) as RpcRequest;
  if (request.id === undefined) return { status: 202 };
  const ok = (result: string): Answer => ({
    status: 200,
    json: `{"jsonrpc":"2.0","id":${JSON.stringify(request.id)},"result":${result}}`,
  });
  const failed = (code: number, message: string): Answer => ({
    status: 200,
    json: JSON.stringify({ jsonrpc: '2.0', id: request.id, error: { code, message } }),
  });
  if (request.method === 'tools/call') {
    if (request.params?.name !== 'echo') return failed(-32602, 'Unknown tool');
    const text = padding === '' ? String(request.params.arguments?.message ?? '') : padding;
    return ok(`{"content":[{"type":"text","text":${JSON.stringify(text)}}]}`);
  }
  if (request.method === 'tools/list') return ok(list);
  if (request.method === 'ping') return ok('{}');
  if (request.method === 'initialize') {
    sessions += 1;
    const result = {
      protocolVersion: request.params?.protocolVersion ?? '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'bench-upstream', version: '1.0.0' },
    };
    return { ...ok(JSON.stringify(result)), session: `bench-${sessions}` };
  }
  return failed(-32601, 'Method not found');
}

function respond(socket: Socket, { status, session, json }: Answer): void {
  const header = session === undefined ? '' : `mcp-session-id: ${session}\r\n`;
  if (json === undefined) socket.write(`HTTP/1.1 ${status} X\r\n${header}content-length: 0\r\n\r\n`);
  else {
    const length = Buffer.byteLength(json);
    socket.write(
      `HTTP/1.1 ${status} OK\r\n${header}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n${json}`,
    );
  }
}

/** Takes one whole request off the front of `bytes`: its answer and the offset behind it, or undefined for more. */
function takeRequest(bytes: Buffer): { answer: Answer; end: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  let end = headEnd + 4;
  let body = '';
  if (length !== undefined) {
    end += Number(length);
    if (bytes.length < end) return undefined;
    body = bytes.toString('utf8', headEnd + 4, end);
  } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const parts: Buffer[] = [];
    for (;;) {
      const lineEnd = bytes.indexOf('\r\n', end);
      if (lineEnd < 0) return undefined;
      const size = Number.parseInt(bytes.toString('latin1', end, lineEnd), 16);
      const next = lineEnd + 2 + size + 2;
      if (bytes.length < next) return undefined;
      parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
      end = next;
      if (size === 0) break;
    }
    body = Buffer.concat(parts).toString();
  }
  if (head.startsWith('POST ')) return { answer: answer(body), end };
  return { answer: { status: head.startsWith('GET ') ? 405 : 200 }, end };
}

const server = createServer({ noDelay: true }, (socket) => {
  let pending: Buffer | undefined;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    let bytes = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
    pending = undefined;
    while (bytes.length > 0) {
      const taken = takeRequest(bytes);
      if (taken === undefined) {
        pending = bytes;
        return;
      }
      respond(socket, taken.answer);
      bytes = bytes.subarray(taken.end);
    }
  });
});
server.listen(0, '127.0.0.1', 1024, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});
process.on('disconnect', () => process.exit(0));
