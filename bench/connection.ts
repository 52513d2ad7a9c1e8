import { connect, type Socket } from 'node:net';

/** One keep-alive HTTP/1.1 connection with at most one request in flight. Trusts its loopback peer. */
export interface Connection {
  /** Writes a whole request; exactly one of the two callbacks follows. Re-connects first where needed. */
  send(request: Buffer): void;
  /** Ends a request that takes too long: `failed` is called with the reason. */
  abort(reason: string): void;
  close(): void;
}

export interface ConnectionEvents {
  replied(status: number, body: Buffer): void;
  failed(reason: string): void;
}

export function openConnection(host: string, port: number, events: ConnectionEvents): Connection {
  let socket: Socket | undefined;
  let waiting = false;
  let chunks: Buffer[] = [];
  let received = 0;
  /** Bytes the reply has in all, once its head told; NaN while unknown or chunked. */
  let expected = Number.NaN;

  const fail = (reason: string): void => {
    socket?.destroy();
    socket = undefined;
    if (!waiting) return;
    waiting = false;
    events.failed(reason);
  };

  const open = (): Socket => {
    const opened = connect({ host, port, noDelay: true });
    opened.on('data', (chunk) => {
      chunks.push(chunk);
      received += chunk.length;
      if (received < expected) return;
      const bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks, received);
      const reply = parseReply(bytes);
      if (reply.body === undefined) {
        chunks = [bytes];
        expected = reply.expected;
        return;
      }
      waiting = false;
      if (reply.close) {
        socket = undefined;
        opened.destroy();
      }
      events.replied(reply.status, reply.body);
    });
    opened.on('error', (error: NodeJS.ErrnoException) => socket === opened && fail(error.code ?? 'socket error'));
    opened.on('close', () => socket === opened && fail('connection closed'));
    return opened;
  };

  return {
    send(request) {
      socket ??= open();
      waiting = true;
      chunks = [];
      received = 0;
      expected = Number.NaN;
      socket.write(request);
    },
    abort: fail,
    close() {
      waiting = false;
      socket?.destroy();
      socket = undefined;
    },
  };
}

interface Reply {
  status: number;
  /** Undefined while bytes are missing. */
  body: Buffer | undefined;
  expected: number;
  close: boolean;
}

const nothing = Buffer.alloc(0);

/** Reads the reply in `bytes`: by content-length, chunked, or without a body. */
function parseReply(bytes: Buffer): Reply {
  const reply: Reply = { status: 0, body: undefined, expected: Number.NaN, close: false };
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return reply;
  const head = bytes.toString('latin1', 0, headEnd).toLowerCase();
  const start = headEnd + 4;
  reply.status = Number(head.slice(9, 12));
  reply.close = head.includes('\r\nconnection: close');
  const lengthAt = head.indexOf('\r\ncontent-length:');
  if (lengthAt >= 0) {
    reply.expected = start + Number.parseInt(head.slice(lengthAt + 17), 10);
    if (bytes.length >= reply.expected) reply.body = bytes.subarray(start, reply.expected);
  } else if (head.includes('\r\ntransfer-encoding: chunked')) {
    reply.body = joinChunks(bytes, start);
  } else {
    reply.body = nothing;
  }
  return reply;
}

function joinChunks(bytes: Buffer, start: number): Buffer | undefined {
  const parts: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const next = lineEnd + 4 + size;
    if (bytes.length < next) return undefined;
    if (size === 0) return parts.length === 1 ? parts[0] : Buffer.concat(parts);
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}
