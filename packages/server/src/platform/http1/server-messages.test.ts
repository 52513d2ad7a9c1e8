import { once } from 'node:events';
import { createServer, IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createHttpServer } from './server.ts';
import { IncomingRequest } from './server-messages.ts';

/** What a server says to these requests, sent one behind the other on a connection. */
async function said(server: ReturnType<typeof createServer>, requests: string): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.end(requests);
    await once(socket, 'close');
    return text;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The reason it may be given two fields alone. */
it('Node asks a request of HTTP/1.1 for nothing but Host and Expect before it passes it on', async () => {
  const asked = new Set<string | symbol>();
  let passedOn = false;
  class Watched extends IncomingMessage {
    static {
      Object.defineProperty(this.prototype, 'headers', {
        get: () =>
          new Proxy(
            {},
            {
              get(_, name) {
                if (!passedOn) asked.add(name);
                return name === 'host' ? 'a' : undefined;
              },
            },
          ),
      });
    }
  }
  const server = createServer({ IncomingMessage: Watched }, (_req, res) => {
    passedOn = true;
    res.end();
    passedOn = false;
  });
  const answers = await said(server, 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}'.repeat(2));
  expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
  expect([...asked].toSorted()).toEqual(['expect', 'host']);
});

it('all fields of a request are there for whoever it was passed on to', async () => {
  const seen: unknown[] = [];
  const server = createHttpServer((req, res) => {
    seen.push({ ...req.headers });
    expect(req).toBeInstanceOf(IncomingRequest);
    req.headers = { mine: '1' };
    seen.push(req.headers);
    res.end();
  });
  await said(server, 'GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nCookie: b\r\nx: 2\r\nConnection: close\r\n\r\n');
  expect(seen).toEqual([{ host: 'a', x: '1, 2', cookie: 'b', connection: 'close' }, { mine: '1' }]);
});

it('an answer of unknown length to HTTP/1.0 has the form the request asked for', async () => {
  const server = createHttpServer((_req, res) => {
    res.write('one');
    res.end('two');
  });
  expect(await said(server, 'GET / HTTP/1.0\r\nTE: chunked\r\n\r\n')).toMatch(/transfer-encoding: chunked/i);
});

it('a request without Host is refused, and what is expected is answered as Node does it', async () => {
  const bodies: string[] = [];
  const server = createHttpServer((req, res) => {
    let body = '';
    req
      .on('data', (chunk: Buffer) => (body += chunk.toString()))
      .on('end', () => {
        bodies.push(body);
        res.end();
      });
  });
  const post = (fields: string): string =>
    `POST / HTTP/1.1\r\n${fields}connection: close\r\ncontent-length: 2\r\n\r\n{}`;
  expect(await said(server, post(''))).toMatch(/^HTTP\/1\.1 400 /);
  expect(await said(server, post('HOST: a\r\nExpect: 100-continue\r\n'))).toMatch(
    /^HTTP\/1\.1 100 [^]*HTTP\/1\.1 200 /,
  );
  expect(await said(server, post('host: a\r\nexpect: x\r\nEXPECT: 100-continue\r\n'))).toMatch(/^HTTP\/1\.1 100 /);
  expect(await said(server, post('host: a\r\nexpect: more\r\n'))).toMatch(/^HTTP\/1\.1 417 /);
  expect(bodies).toEqual(['{}', '{}']);
});
