import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpProtocolError } from './protocol-error.ts';
import type { ResponseHeaders } from './response-headers.ts';
import { Heads } from './response-head.ts';
import { ResponseParser, type ResponseSink } from './response-parser.ts';

interface Read {
  status: number;
  headers: ResponseHeaders;
  body: string;
  ended: 'reusable' | 'closing' | 'cut';
}

const heads = new Heads();

/** Reads a response that arrives in these pieces, the peer closing after the last. */
function read(pieces: readonly (string | Buffer)[]): Read {
  const got: Partial<Read> & { body: string } = { body: '' };
  const sink: ResponseSink = {
    onHead: (status, headers) => Object.assign(got, { status, headers }),
    onData: (chunk) => (got.body += chunk.toString('latin1')),
    onEnd: (reusable) => (got.ended = reusable ? 'reusable' : 'closing'),
  };
  const parser = new ResponseParser(sink, heads);
  for (const piece of pieces) {
    const bytes = Buffer.from(piece as string, 'latin1');
    parser.push(bytes);
    // None of the bytes may be kept.
    bytes.fill(0x21);
  }
  if (got.ended === undefined && !parser.close()) got.ended = 'cut';
  return got as Read;
}

const ok = 'HTTP/1.1 200 OK\r\n';

describe('a response', () => {
  it('ends by its length, its chunks or its connection', () => {
    expect(read([`${ok}content-length: 5\r\n\r\nhello`])).toMatchObject({
      status: 200,
      body: 'hello',
      ended: 'reusable',
    });
    expect(
      read([`${ok}Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nT: 1\r\n\r\n`]),
    ).toMatchObject({
      body: 'hello!',
      ended: 'reusable',
    });
    expect(read([`${ok}\r\nhello`])).toMatchObject({ body: 'hello', ended: 'closing' });
    expect(read(['HTTP/1.1 204 No Content\r\n\r\n'])).toMatchObject({ status: 204, body: '', ended: 'reusable' });
    expect(read(['HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n'])).toMatchObject({ status: 200, ended: 'reusable' });
  });

  it('means the same however often its head has come before, and whatever came in between', () => {
    const heads = [
      `${ok}content-length: 2\r\n\r\nhi`,
      `${ok}content-length: 2\r\nconnection: close\r\n\r\nhi`,
      'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi',
      `HTTP/1.1 100 Continue\r\n\r\n${ok}transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
      'HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\n',
      `${ok}x: ${'y'.repeat(2_000)}\r\n\r\nhi`,
    ];
    const wrong = [`${ok}content-length: two\r\n\r\n`, `${ok}content-length : 2\r\n\r\n`];
    const first = heads.map((head) => read([head]));
    for (let i = 0; i < 600; i++) {
      expect(read([`${ok}content-length: 2\r\nx-count: ${i}\r\n\r\nhi`]).headers.get('x-count')).toBe(`${i}`);
      if (i % 50 !== 0) continue;
      expect(heads.map((head) => read([head]))).toEqual(first);
      for (const head of wrong) expect(() => read([head])).toThrow(HttpProtocolError);
    }
  });

  it('is remembered by its head alone, and not where that means something to one conversation', () => {
    const length = 'content-length: 0\r\n';
    expect(heads.read(`${ok}${length}a: b`)).toBe(heads.read(`${ok}${length}a: b`));
    for (const personal of ['Mcp-Session-Id: s', 'set-cookie: a=b', 'Set-Cookie2: a=b', `a: ${'b'.repeat(1_024)}`]) {
      expect(heads.read(`${ok}${length}${personal}`)).not.toBe(heads.read(`${ok}${length}${personal}`));
    }
  });

  it('is cut short when the peer closes before its end', () => {
    for (const text of [
      '',
      'HTTP/1.1',
      ok,
      `${ok}content-length: 5\r\n\r\nhell`,
      `${ok}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    ])
      expect(read([text]).ended).toBe('cut');
  });

  it('leaves the connection unusable when the peer says so or is of HTTP/1.0', () => {
    expect(read([`${ok}connection: x, Close\r\ncontent-length: 0\r\n\r\n`]).ended).toBe('closing');
    expect(read(['HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n']).ended).toBe('closing');
    expect(read([`${ok}connection: closed-loop\r\ncontent-length: 0\r\n\r\n`]).ended).toBe('reusable');
    expect(read(['HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n']).ended).toBe('reusable');
    // A body that is announced may come, whatever the status says.
    expect(read(['HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n']).ended).toBe('closing');
    expect(read(['HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n']).ended).toBe('closing');
  });

  it('comes after interim ones, of which there are few', () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: </>\r\n\r\n';
    expect(read([early, early, `${ok}content-length: 0\r\n\r\n`])).toMatchObject({ status: 200 });
    expect(() => read(Array<string>(20).fill(early))).toThrow('without end');
  });

  it('shows fields by lower-case name and joins what came several times', () => {
    const { headers } = read([
      `${ok}Content-Type:  application/json \r\nX: 1\r\nx: 2\r\n__proto__: p\r\ncontent-length: 0\r\n\r\n`,
    ]);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('x')).toBe('1, 2');
    expect(headers.get('__proto__')).toBe('p');
    expect(headers.get('toString')).toBeUndefined();
  });

  it('means the same however it is cut into pieces', () => {
    const samples = [
      `HTTP/1.1 100 Continue\r\n\r\n${ok}content-length: 11\r\ncontent-type: a/b\r\n\r\nhello\r\n\r\nab`,
      `${ok}transfer-encoding: chunked\r\n\r\n5;e="f"\r\nhello\r\n00a\r\n0123456789\r\n0\r\na: b\r\nc: d\r\n\r\n`,
      `${ok}\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`,
    ];
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.array(fc.nat(120), { maxLength: 12 }), (text, cuts) => {
        const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).toSorted((a, b) => a - b), text.length];
        const pieces = at.slice(1).map((end, i) => text.slice(at[i], end));
        const { headers: _, ...expected } = read([text]);
        expect(read(pieces)).toMatchObject(expected);
      }),
    );
  });
});

describe('a response is refused', () => {
  const huge = 'a'.repeat(17_000);
  it.each<[string, string]>([
    ['that is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['of another version', 'HTTP/2 200 OK\r\n\r\n'],
    ['with a status that is none', 'HTTP/1.1 0200 OK\r\n\r\n'],
    ['that switches protocols', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n'],
    ['with bare line feeds', 'HTTP/1.1 200 OK\ncontent-length: 0\n\n'],
    ['that begins otherwise and goes no further', 'SSH-2.0-'],
    ['with a bare line feed in a field', `${ok}a: b\nc: d\r\n\r\n`],
    ['with a bare carriage return in a field', `${ok}a: b\rc: d\r\n\r\n`],
    ['with a folded field', `${ok}a: b\r\n c\r\n\r\n`],
    ['with a space before a colon', `${ok}content-length : 5\r\n\r\nhello`],
    ['with a space before a name', `${ok} content-length: 5\r\n\r\nhello`],
    ['with a nameless field', `${ok}: 5\r\n\r\n`],
    ['with NUL in a field', `${ok}a: b\0c\r\n\r\n`],
    ['with a length that is signed', `${ok}content-length: +5\r\n\r\nhello`],
    ['with a length that is hexadecimal', `${ok}content-length: 0x5\r\n\r\nhello`],
    ['with an empty length', `${ok}content-length:\r\n\r\n`],
    ['with two lengths', `${ok}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`],
    ['with one length twice', `${ok}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`],
    ['with a length and chunks', `${ok}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['with another transfer coding', `${ok}transfer-encoding: gzip, chunked\r\n\r\n`],
    ['with a coding that only resembles one', `${ok}transfer-encoding: xchunked\r\n\r\n`],
    ['with other white space around a coding', `${ok}transfer-encoding: \xa0chunked\r\n\r\n0\r\n\r\n`],
    ['with other white space after a length', `${ok}content-length: 5\xa0\r\n\r\nhello`],
    ['with chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['with more bytes than its length', `${ok}content-length: 5\r\n\r\nhello!`],
    ['with bytes after the last chunk', `${ok}transfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`],
    ['with a body that its status forbids', 'HTTP/1.1 204 No Content\r\ncontent-length: 1\r\n\r\nx'],
    ['with a chunk size that is no number', `${ok}transfer-encoding: chunked\r\n\r\n-1\r\n`],
    ['with a chunk size beyond reason', `${ok}transfer-encoding: chunked\r\n\r\n123456789\r\n`],
    ['with a chunk longer than it said', `${ok}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`],
    ['with a bare line feed after a chunk', `${ok}transfer-encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n`],
    ['with a chunk extension without end', `${ok}transfer-encoding: chunked\r\n\r\n1;${huge}`],
    ['with trailers without end', `${ok}transfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(100)}\r\n`],
    ['with a header section without end', `${ok}a: ${huge}`],
    ['with a header section that is too large', `${ok}a: ${huge}\r\n\r\n`],
  ])('%s', (_, text) => {
    expect(() => read([text])).toThrow(HttpProtocolError);
    expect(() => read(text.split(''))).toThrow(HttpProtocolError);
  });
});
