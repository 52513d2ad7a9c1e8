import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ascii } from '../byte-string.ts';
import type { IncomingRequest, OutgoingResponse } from './server-messages.ts';
import { createHttpServer, type HttpListener } from './server.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A connection to a server with this listener, and what it has been told so far. */
async function connected(listener: HttpListener) {
  const made = createHttpServer(listener);
  server = made;
  made.listen(0, '127.0.0.1');
  await once(made, 'listening');
  const socket = connect((made.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  let text = '';
  let ended = false;
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined).on('close', () => (ended = true));
  return { server: made, socket, text: () => text, ended: () => ended, until: until(() => text) };
}

const until =
  (text: () => string) =>
  async (part: string | RegExp, count = 1): Promise<void> => {
    const found = (): number =>
      [...text().matchAll(typeof part === 'string' ? new RegExp(part, 'g') : new RegExp(part.source, 'g'))].length;
    for (const late = performance.now() + 3_000; performance.now() < late; await sleep(2)) if (found() >= count) return;
    throw new Error(`${String(part)} did not come ${count} times in: ${text()}`);
  };

/** Answers each body with itself, whole, and remembers which way it went. */
function echo(ways: boolean[], ended: string[] = []): HttpListener {
  return (req, res) => {
    const chunks: Buffer[] = [];
    res.once('close', () => ended.push(req.url!));
    req.receive({
      chunk: (chunk) => chunks.push(chunk) > 0,
      end() {
        const body = ascii(Buffer.concat(chunks).toString('latin1'));
        const whole = res.answerWhole('content-type: text/plain\r\n', body);
        ways.push(whole);
        if (!whole) res.writeHead(200, { 'content-length': body.length }).end(body, 'latin1');
      },
    });
  };
}

const post = (body: string, path = '/', more = ''): string =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;

describe('an answer given whole', () => {
  it('has its length, a date and the keep-alive hint, and the connection serves the next request', async () => {
    const ways: boolean[] = [];
    const ended: string[] = [];
    const at = await connected(echo(ways, ended));
    for (const [i, body] of ['first', 'second', ''].entries()) {
      at.socket.write(post(body, `/${i}`));
      await at.until('HTTP/1.1 200 OK', i + 1);
    }
    const [head, rest] = at.text().split('\r\n\r\n');
    expect(head!.split('\r\n').slice(0, 3)).toEqual([
      'HTTP/1.1 200 OK',
      'content-type: text/plain',
      'content-length: 5',
    ]);
    expect(rest).toMatch(/^first/);
    const said = Date.parse(/^date: (.* GMT)$/m.exec(head!)![1]!);
    expect(Math.abs(said - Date.now())).toBeLessThan(2_000);
    expect(head).toMatch(/\r\nconnection: keep-alive\r\nkeep-alive: timeout=65$/);
    expect(ways).toEqual([true, true, true]);
    await sleep(1);
    expect(ended).toEqual(['/0', '/1', '/2']);
    expect(at.ended()).toBe(false);
  });

  it('waits for its turn where requests come in a row, and each gets its own', async () => {
    const waiting: [IncomingRequest, OutgoingResponse][] = [];
    const at = await connected((req, res) => {
      req.receive({ chunk: () => true, end: () => waiting.push([req, res]) });
    });
    at.socket.write(['/a', '/b', '/c'].map((path) => post('x', path)).join(''));
    while (waiting.length < 3) await sleep(1);
    for (const [req, res] of waiting.toReversed()) {
      const body = ascii(`answer to ${req.url}`);
      if (!res.answerWhole('', body)) res.writeHead(200, { 'content-length': body.length }).end(body);
    }
    await at.until('answer to /c');
    expect(at.text().match(/answer to \/\w/g)).toEqual(['answer to /a', 'answer to /b', 'answer to /c']);
  });

  it('is none where the connection is to be closed, and none twice', async () => {
    const ways: boolean[] = [];
    const first = await connected(echo(ways));
    const closed = once(first.socket, 'close');
    first.socket.write(post('last', '/', 'connection: close\r\n'));
    await closed;
    expect(first.text()).toMatch(/\r\n\r\nlast$/);
    expect(ways).toEqual([false]);
    expect(first.text()).toMatch(/^Connection: close\r$/m);

    const tries: boolean[] = [];
    const second = await connected((_req, res) => {
      tries.push(res.answerWhole('', ascii('once')), res.answerWhole('', ascii('twice')));
      tries.push(res.begun, res.delivered);
      res.end();
    });
    second.socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await second.until('once');
    await sleep(5);
    expect(tries).toEqual([true, false, true, true]);
    expect(second.text()).not.toContain('twice');
  });

  it('speaks HTTP/1.0 as Node does: the connection closes unless it was asked to stay', async () => {
    const ways: boolean[] = [];
    const at = await connected(echo(ways));
    at.socket.write('POST / HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\na');
    await at.until('HTTP/1.1 200 OK');
    const closed = once(at.socket, 'close');
    at.socket.write('POST / HTTP/1.0\r\ncontent-length: 1\r\n\r\nb');
    await closed;
    expect(ways).toEqual([true, false]);
  });

  it('leaves a connection that is not read to wait, and takes no more requests of it', async () => {
    let asked = 0;
    const body = ascii('x'.repeat(60_000));
    const at = await connected((req, res) => {
      asked++;
      req.receive({
        chunk: () => true,
        end: () => void (res.answerWhole('', body) || res.writeHead(200, { 'content-length': body.length }).end(body)),
      });
    });
    at.socket.pause();
    for (let i = 0; i < 1_000; i++) at.socket.write(post('x'.repeat(4_000)));
    await sleep(300);
    const seen = asked;
    await sleep(100);
    expect(asked).toBe(seen);
    expect(seen).toBeLessThan(500);
    at.socket.resume();
    while (asked < 1_000) await sleep(5);
    await at.until('HTTP/1.1 200 OK', 1_000);
  });

  it('is under way until the system has taken it', async () => {
    const served: OutgoingResponse[] = [];
    const over: string[] = [];
    const body = ascii('x'.repeat(60_000));
    const at = await connected((req, res) => {
      res.once('close', () => over.push(req.url!));
      req.receive({ chunk: () => true, end: () => void (res.answerWhole('', body) && served.push(res)) });
    });
    at.socket.pause();
    for (let i = 0; served.at(-1)?.delivered !== false; i++) {
      at.socket.write(post('x', `/${i}`));
      while (served.length <= i) await sleep(1);
    }
    const last = served.at(-1)!;
    expect(last.begun).toBe(true);
    await sleep(5);
    expect(over).toHaveLength(served.length - 1);
    at.socket.resume();
    await at.until('HTTP/1.1 200 OK', served.length);
    while (!last.delivered) await sleep(1);
    await sleep(1);
    expect(over).toHaveLength(served.length);
  });

  it('is none for one who asks for the head alone, nor where nobody can be told any more', async () => {
    const ways: boolean[] = [];
    const first = await connected(echo(ways));
    first.socket.write('HEAD / HTTP/1.1\r\nhost: a\r\n\r\n' + post('body'));
    await first.until('HTTP/1.1 200 OK', 2);
    expect(ways).toEqual([false, true]);

    const asked: OutgoingResponse[] = [];
    const second = await connected((req, res) => {
      req.receive({ chunk: () => true, end: () => asked.push(res) });
    });
    second.socket.write(post('body'));
    while (asked.length === 0) await sleep(1);
    second.socket.destroy();
    await once(asked[0]!, 'close');
    expect(asked[0]!.answerWhole('', ascii('late'))).toBe(false);
    expect(asked[0]!.delivered).toBe(false);
  });
});

describe('a body had as it is parsed', () => {
  it('comes in its pieces, whatever they are, chunked or not', async () => {
    const at = await connected(echo([]));
    const parts = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n';
    for (const byte of parts) at.socket.write(byte);
    await at.until('abcde');
    at.socket.write(post('f'.repeat(300_000)));
    await at.until('f{300000}');
  });

  it('is read no further once it is refused, and the connection closes', async () => {
    let taken = 0;
    const at = await connected((req, res) => {
      req.receive({
        chunk(chunk) {
          taken += chunk.length;
          if (!res.headersSent) res.writeHead(413, { 'content-length': 0, connection: 'close' }).end();
          return false;
        },
        end: () => expect.unreachable(),
      });
    });
    at.socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n');
    const more = Buffer.alloc(64 * 1024);
    while (!at.ended()) {
      at.socket.write(more);
      await sleep(1);
    }
    expect(taken).toBeLessThan(2 * 1024 * 1024);
  });

  it('is never complete when the client leaves in the middle of it, and the end is told', async () => {
    const heard: string[] = [];
    const at = await connected((req, res) => {
      res.once('close', () => heard.push(res.delivered ? 'delivered' : 'left'));
      req.receive({ chunk: () => heard.push('chunk') > 0, end: () => heard.push('end') });
    });
    at.socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc');
    while (heard.length === 0) await sleep(1);
    at.socket.destroy();
    while (heard.length === 1) await sleep(1);
    expect(heard).toEqual(['chunk', 'left']);
  });

  it('that nobody asks for is dropped, and the connection goes on', async () => {
    const at = await connected((req, res) => {
      if (req.url === '/ignored') res.writeHead(200, { 'content-length': 2 }).end('no');
      else echo([])(req, res);
    });
    at.socket.write(post('b'.repeat(200_000), '/ignored') + post('next'));
    await at.until('next');
  });

  it('can be read as a stream by whoever prefers that', async () => {
    const at = await connected(async (req, res) => {
      let text = '';
      for await (const chunk of req) text += String(chunk);
      res.end(`streamed ${text}`);
    });
    at.socket.write(post('body'));
    await at.until('streamed body');
  });
});

describe('an answer destroyed before its turn', () => {
  it('ends the connection once those before it were given', async () => {
    const waiting: OutgoingResponse[] = [];
    const at = await connected((req, res) => {
      req.receive({ chunk: () => true, end: () => waiting.push(res) });
    });
    at.socket.write(['/a', '/b', '/c'].map((path) => post('x', path)).join(''));
    while (waiting.length < 3) await sleep(1);
    const [first, second, third] = waiting;
    second!.destroy();
    third!.writeHead(200, { 'content-length': 5 }).end('third');
    await sleep(5);
    expect(at.ended()).toBe(false);
    const closed: Promise<unknown> = once(at.socket, 'close');
    first!.answerWhole('', ascii('first'));
    await expect(Promise.race([closed.then(() => 'closed'), sleep(2_000, 'open')])).resolves.toBe('closed');
    expect(at.text()).toMatch(/\r\n\r\nfirst$/);
  });
});

describe('a connection without a request', () => {
  it('keeps nothing of the one it had', async () => {
    const before: IncomingRequest[] = [];
    const heard: string[] = [];
    const at = await connected((req, res) => {
      before.push(req.on('aborted', () => heard.push('aborted')));
      echo([])(req, res);
    });
    at.socket.write(post('only'));
    await at.until('only');
    const { parser } = before[0]!.socket as unknown as { parser: { incoming: unknown } };
    expect(parser.incoming).toBe(null);
    at.socket.destroy();
    await once(before[0]!.socket, 'close');
    expect(heard).toEqual([]);
  });

  it('is closed once it has had its time', async () => {
    const at = await connected(echo([]));
    at.server.keepAliveTimeout = 50;
    at.server.keepAliveTimeoutBuffer = 0;
    at.socket.write(post('only'));
    await at.until('only');
    const closed: Promise<unknown> = once(at.socket, 'close');
    await expect(Promise.race([closed.then(() => 'closed'), sleep(2_000, 'open')])).resolves.toBe('closed');
  });

  it('is closed at once when the server asks for idle ones', async () => {
    const at = await connected(echo([]));
    at.socket.write(post('only'));
    await at.until('only');
    const closed: Promise<unknown> = once(at.socket, 'close');
    at.server.closeIdleConnections();
    await closed;
  });
});
