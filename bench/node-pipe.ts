import { createServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';

/**
 * The reference: the cheapest HTTP proxy the gateway's own building blocks allow. `node:http` in, undici's
 * `Pool.dispatch` out, the answer passed on as it arrives, and nothing else: no token, no parsing, no record.
 * Argument: the upstream's origin. Tells its parent `{ port }`, ends when the parent goes away.
 */

interface Controller {
  pause(): void;
  resume(): void;
}

interface Handler {
  onRequestStart(): void;
  onResponseStart(controller: Controller, status: number, headers: Record<string, string | undefined>): void;
  onResponseData(controller: Controller, chunk: Buffer): void;
  onResponseEnd(): void;
  onResponseError(): void;
}

interface Pool {
  dispatch(options: { path: string; method: string; headers: string[]; body: Buffer }, handler: Handler): boolean;
}

// Resolved from the server's package, so that both sides of the ratio run on the same undici.
const load = createRequire(new URL('../packages/server/package.json', import.meta.url));
const undici = load('undici') as { Pool: new (origin: string, options: Record<string, number>) => Pool };
const pool = new undici.Pool(process.argv[2] ?? '', { connections: 64, keepAliveTimeout: 60_000 });
const requestHeaders = ['content-type', 'application/json', 'accept', 'application/json, text/event-stream'];

/** Passes one answer on. One that arrives whole leaves in one write, as a careful proxy would do it. */
function passOn(response: ServerResponse): Handler {
  let status = 502;
  let head: string[] = [];
  let length = -1;
  return {
    onRequestStart: () => undefined,
    onResponseStart: (_controller, code, headers) => {
      status = code;
      length = Number(headers['content-length'] ?? -1);
      head = ['content-type', headers['content-type'] ?? 'application/octet-stream'];
      if (length >= 0) head.push('content-length', String(length));
    },
    onResponseData: (controller, chunk) => {
      if (!response.headersSent) response.writeHead(status, head);
      if (chunk.length === length) response.end(chunk);
      else if (!response.write(chunk)) {
        controller.pause();
        response.once('drain', () => controller.resume());
      }
    },
    onResponseEnd: () => {
      if (!response.headersSent) response.writeHead(status, head);
      if (!response.writableEnded) response.end();
    },
    onResponseError: () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    },
  };
}

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    const options = { path: request.url ?? '/', method: request.method ?? 'POST', headers: requestHeaders, body };
    pool.dispatch(options, passOn(response));
  });
});
server.listen(0, '127.0.0.1', 1024, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});
process.on('disconnect', () => process.exit(0));
