import type { Writable } from 'node:stream';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';

export interface FaultCall {
  /** Raw JSON text of the request's id. */
  readonly id: string;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Calls this fault has seen, this one included. */
  readonly count: number;
}

export type Fault = (call: FaultCall) => void;

/** Stands in everything a fault says; must never reach a client, a log line or a row. */
export const leak = 'leak-7f3a91c2';

const json = (res: ServerResponse, body: string | Buffer, status = 200, headers: Record<string, string> = {}): void => {
  res.writeHead(status, { 'content-type': 'application/json', ...headers });
  res.end(body);
};

const good = (id: string, text = 'fine'): string =>
  `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${text}"}]}}`;

const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  ({ res }) =>
    json(res, `{"error":"${leak}","stack":"Error: ${leak}\\n    at secret (/srv/app.js:1:1)"}`, code, {
      'x-powered-by': leak,
      ...headers,
    });

const retryAfter = (code: number, value: string): Fault => status(code, { 'retry-after': value });

/** Write a piece every `everyMs` until the other side has had enough. */
function stream(res: ServerResponse, piece: string | Buffer, everyMs: number): void {
  const timer = setInterval(() => res.write(piece), everyMs);
  res.on('close', () => clearInterval(timer));
}

/** Write `total` bytes as fast as they are taken. */
function flood(res: Writable, piece: Buffer, total: number): void {
  let left = total;
  const pour = (): void => {
    while (left > 0 && !res.destroyed) {
      left -= piece.length;
      if (!res.write(piece)) return void res.once('drain', pour);
    }
    if (!res.destroyed) res.end();
  };
  pour();
}

/** A chunked body whose every chunk is one byte. */
function specks(res: ServerResponse, type: string, start: string): void {
  const socket = res.socket!;
  const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`;
  socket.write(`${head}${start.length.toString(16)}\r\n${start}\r\n`);
  flood(socket, Buffer.from('1\r\nx\r\n'.repeat(10_000)), 6 * 16 * 1024 * 1024);
}

const events = (res: ServerResponse): void => void res.writeHead(200, { 'content-type': 'text/event-stream' });

const asking = (id: string): string =>
  `data: {"jsonrpc":"2.0","id":"${id}","method":"elicitation/create","params":{"message":"${leak}"}}\n\n`;

const filler = Buffer.from(leak.repeat(5_000));
const nested = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);
/** 100 MB in 100 kB; made when first asked for. */
let bomb: Buffer | undefined;

/** Every way an upstream can answer a call wrongly. */
export const faults = {
  hang: () => undefined,
  drip: ({ res, id }) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    res.write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${leak}`);
    stream(res, 'x', 50);
  },
  endless_sse: ({ res }) => {
    events(res);
    stream(
      res,
      `data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"${leak}"}}\n\n`,
      20,
    );
  },
  endless_comments: ({ res }) => {
    events(res);
    stream(res, `: ${leak}\n`, 20);
  },
  sse_flood: ({ res }) => {
    events(res);
    res.write('data: ');
    flood(res, filler, 100 * 1024 * 1024);
  },
  specks: ({ res, id }) => specks(res, 'application/json', `{"jsonrpc":"2.0","id":${id},"result":{"a":"`),
  sse_specks: ({ res }) => specks(res, 'text/event-stream', 'data: '),
  sse_garbage: ({ res }) => {
    events(res);
    res.end(`data: ${leak} not json\n\n`);
  },
  sse_no_answer: ({ res }) => {
    events(res);
    res.end(`data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"${leak}"}}\n\n`);
  },
  sse_wrong_id: ({ res }) => {
    events(res);
    res.end(`data: ${good('"somebody-else"', leak)}\n\n`);
  },
  /** Breaks off after an event with an id, and has nothing more to give. */
  sse_breaks_off: ({ res }) => {
    events(res);
    res.end('id: 1\nretry: 10\ndata:\n\n');
  },
  sse_retry_in_a_year: ({ res }) => {
    events(res);
    res.end('id: 1\nretry: 31536000000\ndata:\n\n');
  },
  asks_without_end: ({ res }) => {
    events(res);
    let asked = 0;
    const timer = setInterval(() => res.write(asking(`${++asked}`)), 1);
    res.on('close', () => clearInterval(timer));
  },
  asks_after_answer: ({ res, id }) => {
    events(res);
    res.write(`data: ${good(id)}\n\n`);
    res.end(asking('late'));
  },
  huge: ({ res }) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    flood(res, filler, 100 * 1024 * 1024);
  },
  huge_declared: ({ res }) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': String(100 * 1024 * 1024) });
    flood(res, Buffer.alloc(65_536, 97), 100 * 1024 * 1024);
  },
  gzip_bomb: ({ res }) => {
    bomb ??= gzipSync(Buffer.alloc(100 * 1024 * 1024, 97));
    json(res, bomb, 200, { 'content-encoding': 'gzip' });
  },
  brotli: ({ res, id }) => json(res, brotliCompressSync(good(id, leak)), 200, { 'content-encoding': 'br' }),
  layers: ({ res, id }) => {
    let body: Buffer = Buffer.from(good(id, leak));
    for (let layer = 0; layer < 50; layer++) body = gzipSync(body);
    json(res, body, 200, { 'content-encoding': Array.from({ length: 50 }, () => 'gzip').join(', ') });
  },
  deep: ({ res, id }) => json(res, `{"jsonrpc":"2.0","id":${id},"result":{"${leak}":${nested('[', ']', 100_000)}}}`),
  deep_objects: ({ res, id }) =>
    json(res, `{"jsonrpc":"2.0","id":${id},"result":${nested('{"a":', '}', 100_000).replace('}', '1}')}}`),
  garbage: ({ res }) => json(res, `\u0000\u0001${leak}{{{{`),
  bad_utf8: ({ res, id }) =>
    json(
      res,
      Buffer.concat([
        Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":{"${leak}":"`),
        Buffer.from([0xff, 0xfe, 0xc0]),
        Buffer.from('"}}'),
      ]),
    ),
  empty: ({ res }) => json(res, ''),
  html: ({ res }) => {
    res.writeHead(200, { 'content-type': 'text/html' });
    res.end(`<html><body><h1>${leak}</h1></body></html>`);
  },
  wrong_id: ({ res }) => json(res, good('"somebody-else"', leak)),
  no_id: ({ res }) => json(res, `{"jsonrpc":"2.0","result":{"content":[{"type":"text","text":"${leak}"}]}}`),
  null_id: ({ res }) => json(res, good('null', leak)),
  number_id: ({ res }) => json(res, good('1', leak)),
  duplicate_id: ({ res, id }) =>
    json(res, `{"jsonrpc":"2.0","id":${id},"id":"x","result":{"content":[{"type":"text","text":"${leak}"}]}}`),
  result_and_error: ({ res, id }) =>
    json(res, `{"jsonrpc":"2.0","id":${id},"result":{"content":[]},"error":{"code":1,"message":"${leak}"}}`),
  neither: ({ res, id }) => json(res, `{"jsonrpc":"2.0","id":${id},"${leak}":1}`),
  array: ({ res, id }) => json(res, `[${good(id, leak)}]`),
  redirect_same: ({ res }) => status(307, { location: `/elsewhere/${leak}` })({ res } as FaultCall),
  redirect_cross: ({ res }) => status(302, { location: `http://127.0.0.1:9/${leak}` })({ res } as FaultCall),
  status_401: status(401, { 'www-authenticate': `Bearer realm="${leak}"` }),
  status_403: status(403),
  status_404: status(404),
  status_429_seconds: retryAfter(429, '2'),
  status_429_date: ({ res }) => retryAfter(429, new Date(Date.now() + 3_000).toUTCString())({ res } as FaultCall),
  status_429_absurd: retryAfter(429, '99999999999'),
  status_429_negative: retryAfter(429, '-5'),
  status_429_words: retryAfter(429, leak),
  status_500: status(500),
  status_503: status(503),
  status_503_retry: retryAfter(503, '1'),
  status_202: ({ res }) => void res.writeHead(202).end(),
  status_204: ({ res }) => void res.writeHead(204).end(),
  reset_before: ({ req }) => void req.socket.resetAndDestroy(),
  reset_after: ({ req, res }) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
    res.write(`{"jsonrpc":"2.0","${leak}":`, () => req.socket.resetAndDestroy());
  },
  truncated: ({ req, res }) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
    res.write(`{"jsonrpc":"2.0","${leak}":`, () => req.socket.end());
  },
  not_http: ({ req }) => void req.socket.end(`${leak}\r\n\r\n`),
  huge_headers: ({ res, id }) => json(res, good(id), 200, { 'x-filler': leak.repeat(5_000) }),
  close_race: ({ req, res, id }) => {
    json(res, good(id));
    res.on('finish', () => req.socket.destroySoon());
  },
  poison: ({ req, res, id }) => {
    json(res, good(id));
    const forged = good('1', leak);
    res.on('finish', () =>
      req.socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${forged.length}\r\n\r\n${forged}`,
      ),
    );
  },
  session_once: ({ res, id, count }) => (count === 1 ? void res.writeHead(404).end() : json(res, good(id))),
  session_always: ({ res }) => void res.writeHead(404).end(),
  flapping: ({ req, res, id, count }) => (count % 2 === 1 ? void req.socket.resetAndDestroy() : json(res, good(id))),
  leaky_headers: ({ res, id }) =>
    json(res, good(id), 200, {
      'set-cookie': `sid=${leak}`,
      'x-powered-by': leak,
      server: leak,
      'www-authenticate': `Bearer realm="${leak}"`,
      'access-control-allow-origin': '*',
      'mcp-session-id': leak,
    }),
} satisfies Record<string, Fault>;
