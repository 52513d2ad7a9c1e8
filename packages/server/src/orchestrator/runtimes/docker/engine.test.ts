import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createEngine, type Engine } from './engine.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let close: (() => void) | undefined;
afterEach(() => close?.());

/** An engine on a socket that says of itself `about` and answers everything else with `answer`. */
async function engineThat(answer: Answer, about = { ApiVersion: '1.47', MinAPIVersion: '1.24' }): Promise<Engine> {
  const path = join(tmpdir(), `${randomUUID()}.sock`);
  const server = createServer((request, response) => {
    if (request.url === '/version') response.end(JSON.stringify(about));
    else answer(request, response);
  }).listen(path);
  await once(server, 'listening');
  const engine = createEngine(path);
  close = () => {
    engine[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
    rmSync(path, { force: true });
  };
  return engine;
}

const get = { method: 'GET', path: '/x' } as const;
const echo: Answer = (request, response) => response.end(JSON.stringify(request.url));

describe('the version spoken', () => {
  it.each([
    ['1.41', '1.12', '/v1.41/x?all=true'],
    ['1.52', '1.24', '/v1.41/x?all=true'],
    ['1.52', '1.44', '/v1.44/x?all=true'],
  ])('to an engine of %s down to %s is the oldest possible', async (ApiVersion, MinAPIVersion, url) => {
    const engine = await engineThat(echo, { ApiVersion, MinAPIVersion });
    expect((await engine.call({ ...get, query: { all: 'true' } })).body).toBe(url);
  });

  it('does not go below 1.41', async () => {
    const engine = await engineThat(echo, { ApiVersion: '1.40', MinAPIVersion: '1.12' });
    await expect(engine.call(get)).rejects.toThrow('too old');
  });
});

describe('what an engine does wrong', () => {
  it('refusing is unavailable, its words only in the detail', async () => {
    const engine = await engineThat((_request, response) => response.writeHead(500).end('{"message":"secret path"}'));
    const error = await engine.call(get).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'unavailable', detail: 'GET /x: 500 secret path' });
    expect(String(error)).not.toContain('secret');
    expect(await engine.call({ ...get, accept: [500] })).toMatchObject({ status: 500 });
  });

  it.each<[string, Answer]>([
    ['hanging up', (_request, response) => response.destroy()],
    ['no JSON', (_request, response) => response.end('<html>')],
    ['too much', (_request, response) => response.end(Buffer.alloc(9 * 1024 * 1024, ' '))],
    ['silence', () => undefined],
  ])('%s is unavailable', async (_what, answer) => {
    const engine = await engineThat(answer);
    await expect(engine.call({ ...get, timeoutMs: 200 })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('a stream that does not begin is unavailable, one that has begun may last', async () => {
    const engine = await engineThat((request, response) => {
      if (request.url?.endsWith('/late') !== true) setTimeout(() => response.end('last'), 400).ref();
      if (request.url?.endsWith('/soon') === true) response.write('first ');
    });
    await expect(engine.stream({ ...get, path: '/late', timeoutMs: 200 })).rejects.toThrow('did not answer');
    const response = await engine.stream({ ...get, path: '/soon', timeoutMs: 200 });
    expect(await text(response)).toBe('first last');
  });

  it('streams that last keep no call waiting', async () => {
    const engine = await engineThat((request, response) => {
      if (request.url?.endsWith('/stream') === true) response.write('first ');
      else response.end('1');
    });
    const streams = await Promise.all(Array.from({ length: 50 }, () => engine.stream({ ...get, path: '/stream' })));
    expect((await engine.call({ ...get, timeoutMs: 1000 })).body).toBe(1);
    for (const stream of streams) stream.destroy();
  });

  it('an attach that is no stream is unavailable', async () => {
    const engine = await engineThat((_request, response) => response.writeHead(404).end('{"message":"none"}'));
    await expect(engine.attachInput('x')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('being away is asked about again', async () => {
    const engine = await engineThat(echo);
    close?.();
    await expect(engine.call(get)).rejects.toThrow('There is no container engine at');
  });
});
