import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../clock.ts';
import { HttpClient } from './client.ts';
import type { ByteString } from '../byte-string.ts';
import type { HttpRequest } from './connection.ts';
import { headerLine } from './header-line.ts';

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

async function listening(onSocket: (socket: Socket) => void): Promise<{ server: Server }> {
  const server = createServer(onSocket);
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return { server };
}

/** A peer that hands each whole request, as text, to `answer`, and a client for it. */
async function peer(answer: (socket: Socket, request: string, connection: number) => void, connections = 4) {
  const requests: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const number = sockets.push(socket);
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (;;) {
        const head = text.indexOf('\r\n\r\n') + 4;
        const end = head + Number(/content-length: (\d+)/.exec(text.slice(0, head))?.[1] ?? 0);
        if (head < 4 || text.length < end) return;
        requests.push(text.slice(0, end));
        text = text.slice(end);
        answer(socket, requests.at(-1)!, number);
      }
    });
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new HttpClient({
    connect: async (onread) => {
      const socket = connect({ host: '127.0.0.1', port, onread });
      await once(socket, 'connect');
      return socket;
    },
    host: `127.0.0.1:${port}`,
    connections,
    clock: systemClock,
  });
  return { client, requests, sockets };
}

const post = (body: string): HttpRequest => ({
  method: 'POST',
  path: '/mcp?x=1',
  headers: headerLine('a', 'b'),
  body: body as ByteString,
});

/** Sends and gives the body, or the error's message; `done` settles once whatever the handler is told. */
function send(client: HttpClient, body: string) {
  const events: string[] = [];
  let resolve: (value: string) => void;
  const done = new Promise<string>((settle) => (resolve = settle));
  let text = '';
  const sending = client.send(post(body), {
    onSent: () => events.push('sent'),
    onHead: (status) => events.push(`head ${status}`),
    onData: (chunk) => (text += chunk.toString('latin1')),
    onEnd: () => (events.push('end'), resolve(text)),
    onError: (error) => (events.push('error'), resolve(`error: ${error.message}`)),
  });
  return { done, events, abort: () => sending.abort() };
}

const reply = (body: string, headers = ''): string =>
  `HTTP/1.1 200 OK\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;

describe('the client', () => {
  it('writes a request as given and uses its connection again', async () => {
    const { client, requests, sockets } = await peer((socket, request) =>
      socket.write(reply(request.slice(-5)), 'latin1'),
    );
    expect(await send(client, 'one h\xe9').done).toBe('one h\xe9'.slice(-5));
    expect(await send(client, 'hello').done).toBe('hello');
    expect(requests[0]).toBe(
      `POST /mcp?x=1 HTTP/1.1\r\nhost: ${/host: (.*)\r/.exec(requests[0]!)![1]}\r\na: b\r\ncontent-length: 6\r\n\r\none h\xe9`,
    );
    expect(sockets).toHaveLength(1);
    client.destroy();
  });

  it('opens no more connections than it may and keeps the others in line, in order', async () => {
    const waiting: (() => void)[] = [];
    const { client, sockets } = await peer(
      (socket, request) => waiting.push(() => socket.write(reply(request.slice(-1)))),
      2,
    );
    const all = ['a', 'b', 'c', 'd'].map((body) => send(client, body));
    await expect.poll(() => waiting.length).toBe(2);
    for (let left = 4; left > 0; left--) {
      await expect.poll(() => waiting.length).toBeGreaterThan(0);
      waiting.shift()!();
    }
    expect(await Promise.all(all.map(({ done }) => done))).toEqual(['a', 'b', 'c', 'd']);
    expect(sockets).toHaveLength(2);
    client.destroy();
  });

  it('never sends a request twice: one that meets a closing connection fails', async () => {
    const { client, requests } = await peer((socket, request) => {
      if (request.endsWith('2')) socket.destroy();
      else socket.write(reply('ok'));
    });
    expect(await send(client, '1').done).toBe('ok');
    const second = send(client, '2');
    expect(await second.done).toMatch(/^error: /);
    expect(second.events).toEqual(['sent', 'error']);
    expect(await send(client, '3').done).toBe('ok');
    expect(requests.filter((request) => request.endsWith('2'))).toHaveLength(1);
    client.destroy();
  });

  it('takes nothing that was not asked for as an answer', async () => {
    const { client, sockets } = await peer((socket, request, connection) => {
      socket.write(reply(request.slice(-1)));
      if (connection === 1) setTimeout(() => socket.write(reply('poison')), 20);
    });
    expect(await send(client, 'a').done).toBe('a');
    await once(sockets[0]!, 'close');
    expect(await send(client, 'b').done).toBe('b');
    expect(sockets).toHaveLength(2);
    client.destroy();
  });

  it('fails an answer that has bytes after its end, and leaves the connection', async () => {
    const { client, sockets } = await peer((socket, request) => {
      socket.write(reply('x') + (request.endsWith('1') ? reply('poison') : ''));
    });
    expect(await send(client, '1').done).toMatch(/^error: bytes after the end/);
    expect(await send(client, '2').done).toBe('x');
    expect(sockets).toHaveLength(2);
    client.destroy();
  });

  it('leaves a connection early that its peer wants to close', async () => {
    const { client, sockets } = await peer((socket) => socket.write(reply('x', 'keep-alive: timeout=1, max=9\r\n')));
    await send(client, '1').done;
    await send(client, '2').done;
    expect(sockets).toHaveLength(2);
    client.destroy();
  });

  it('forgets a connection its peer has closed', async () => {
    const { client, sockets } = await peer((socket) => socket.write(reply('x')));
    await send(client, '1').done;
    sockets[0]!.end();
    await sleep(30);
    expect(await send(client, '2').done).toBe('x');
    client.destroy();
  });

  it('gives a request up: in line without sending it, under way by closing its connection', async () => {
    const { client, requests, sockets } = await peer(() => undefined, 1);
    const [first, second] = [send(client, 'first'), send(client, 'second')];
    await expect.poll(() => requests.length).toBe(1);
    second.abort();
    first.abort();
    await expect.poll(() => sockets[0]!.destroyed).toBe(true);
    await sleep(20);
    expect(first.events).toEqual(['sent']);
    expect(second.events).toEqual([]);
    expect(requests).toHaveLength(1);
    client.destroy();
  });

  it('an old way to give up does not touch the request that came after on the same connection', async () => {
    const { client } = await peer((socket, request) => setTimeout(() => socket.write(reply(request.slice(-1))), 10));
    const first = send(client, '1');
    await first.done;
    const second = send(client, '2');
    first.abort();
    expect(await second.done).toBe('2');
    client.destroy();
  });

  it('says why when no connection can be made, to each that waited', async () => {
    const client = new HttpClient({
      connect: () => Promise.reject(new Error('no way')),
      host: 'x',
      connections: 1,
      clock: systemClock,
    });
    const all = ['1', '2', '3'].map((body) => send(client, body));
    expect(await Promise.all(all.map(({ done }) => done))).toEqual(Array(3).fill('error: no way'));
    client.destroy();
  });

  it('never uses a connection whose peer spoke or left before it was ready', async () => {
    for (const greet of [(socket: Socket) => socket.write(reply('poison')), (socket: Socket) => socket.destroy()]) {
      let connected = 0;
      const { server } = await listening((socket) => {
        socket.on('error', () => undefined);
        if (++connected === 1) greet(socket);
        else socket.on('data', () => socket.write(reply('real')));
      });
      const { port } = server.address() as AddressInfo;
      const client = new HttpClient({
        connect: async (onread) => {
          const socket = connect({ host: '127.0.0.1', port, onread });
          socket.on('error', () => undefined);
          await once(socket, 'connect');
          // Longer than a dialer takes: what comes meanwhile must not be missed.
          socket.resume();
          await sleep(30);
          return socket;
        },
        host: 'x',
        connections: 1,
        clock: systemClock,
      });
      expect(await send(client, '1').done).toBe('real');
      expect(connected).toBe(2);
      client.destroy();
    }
  });

  it('closes gently: what runs ends, nothing new begins', async () => {
    const { client, sockets } = await peer((socket) => setTimeout(() => socket.write(reply('late')), 30));
    const running = send(client, '1');
    await expect.poll(() => sockets.length).toBe(1);
    client.close();
    expect(await send(client, '2').done).toMatch(/^error: /);
    expect(await running.done).toBe('late');
    await expect.poll(() => sockets[0]!.destroyed).toBe(true);
  });

  it('closes at once: whoever waits is told', async () => {
    const { client, requests } = await peer(() => undefined, 1);
    const [first, second] = [send(client, '1'), send(client, '2')];
    await expect.poll(() => requests.length).toBe(1);
    client.destroy();
    expect(await Promise.all([first.done, second.done])).toEqual(Array(2).fill('error: The client is closed.'));
  });
});

it('header lines cannot be ended early', () => {
  expect(headerLine('x', 'a\tb \xff')).toBe('x: a\tb \xff\r\n');
  for (const value of ['a\r\nb: c', 'a\nb', 'a\rb', 'a\0', 'a\u0100', 'a\u010a']) {
    expect(() => headerLine('x', value)).toThrow(TypeError);
  }
  for (const name of ['', 'a b', 'a:', 'a\r\nb', 'ä']) expect(() => headerLine(name, '')).toThrow(TypeError);
});
