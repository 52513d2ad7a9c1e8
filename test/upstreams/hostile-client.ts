import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What came back over a raw connection. */
export interface RawAnswer {
  readonly text: string;
  /** Whether the server ended the connection within the time given. */
  readonly closed: boolean;
  /** Statuses of the responses in it, in order. */
  readonly statuses: readonly number[];
}

/** Send bytes as they are, in pieces with pauses if wanted, and collect what comes back. */
export async function rawExchange(
  port: number,
  pieces: string | readonly string[],
  options: { waitMs?: number; pauseMs?: number; endAfter?: boolean } = {},
): Promise<RawAnswer> {
  const { waitMs = 1_500, pauseMs = 0, endAfter = false } = options;
  const socket = await open(port);
  let text = '';
  let closed = false;
  const over = new Promise<void>((resolve) => {
    socket.on('close', () => {
      closed = true;
      resolve();
    });
  });
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  for (const piece of typeof pieces === 'string' ? [pieces] : pieces) {
    if (closed) break;
    socket.write(piece, 'latin1');
    if (pauseMs > 0) await Promise.race([sleep(pauseMs), over]);
  }
  if (endAfter) socket.end();
  await Promise.race([sleep(waitMs), over]);
  socket.destroy();
  return { text, closed, statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1])) };
}

/** A complete POST as text. */
export function rawPost(path: string, body: string, headers: readonly string[]): string {
  const head = [`POST ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Content-Type: application/json', ...headers];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** Connections that never finish their request. Dispose to end them. */
export async function slowLoris(
  port: number,
  count: number,
  start: string,
): Promise<{ alive(): number } & AsyncDisposable> {
  const sockets = await Promise.all(Array.from({ length: count }, () => open(port)));
  for (const socket of sockets) socket.write(start);
  const timer = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write('X-Drip: 1\r\n');
  }, 500);
  return {
    alive: () => sockets.filter((socket) => !socket.destroyed).length,
    [Symbol.asyncDispose]() {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      return Promise.resolve();
    },
  };
}

/** Connections that send a request and never read a byte of the answer. Dispose to end them. */
export async function deafReaders(
  port: number,
  count: number,
  request: string,
): Promise<{ open(): number } & AsyncDisposable> {
  const sockets = await Promise.all(Array.from({ length: count }, () => open(port)));
  for (const socket of sockets) {
    socket.pause();
    socket.write(request, 'latin1');
  }
  return {
    open: () => sockets.filter((socket) => !socket.destroyed).length,
    [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      return Promise.resolve();
    },
  };
}

/** Send a request and go away before the answer. */
export async function abandon(port: number, request: string, afterMs: number): Promise<void> {
  const socket = await open(port);
  socket.write(request, 'latin1');
  await sleep(afterMs);
  socket.destroy();
}

/** The request could be read in two ways, so it must be refused and the connection not used again. */
export const smuggling: Readonly<Record<string, (path: string, token: string) => string>> = {
  'both Content-Length and Transfer-Encoding': (path, token) =>
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
  'two Content-Length headers': (path, token) =>
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
  'obscured Transfer-Encoding': (path, token) =>
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: xchunked\r\nContent-Length: 2\r\n\r\n{}GET /smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
  'space before the colon': (path, token) =>
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization : Bearer ${token}\r\nContent-Length: 2\r\n\r\n{}`,
  'folded header': (path, token) =>
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer\r\n ${token}\r\nContent-Length: 2\r\n\r\n{}`,
  'bare line feeds': (path, token) =>
    `POST ${path} HTTP/1.1\nHost: 127.0.0.1\nAuthorization: Bearer ${token}\nContent-Length: 2\n\n{}`,
};

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
    socket.on('error', () => undefined);
  });
}
