import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  everythingCommand,
  hostileCommand,
  isAlive,
  runBridge,
  startBridgeProcess,
  until,
  type RunningBridge,
} from '../bridge.ts';
import { startProduct } from '../harness.ts';
import { send, type Sent } from '../http.ts';
import { oddResult } from '../upstreams/hostile-stdio.ts';
import { listen } from '../upstreams/listen.ts';

const json = { 'content-type': 'application/json' };
const both = { ...json, accept: 'application/json, text/event-stream' };

const post = (url: string, body: unknown, headers: Record<string, string> = json): Promise<Sent> =>
  send(url, { headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
const call = (bridge: RunningBridge, name: string, args: object = {}): Promise<Sent> =>
  post(`${bridge.origin}/tools/call`, { name, arguments: args });
const said = async (bridge: RunningBridge, name: string, args: object = {}): Promise<string> => {
  const { text } = await call(bridge, name, args);
  return (JSON.parse(text) as { content: { text: string }[] }).content[0]!.text;
};

describe('a bridge in front of a server that misbehaves', () => {
  let bridge: RunningBridge;
  beforeAll(async () => {
    bridge = await startBridgeProcess(`${hostileCommand} 'two words' a;b $HOME "q\\"q" *`, {
      MCP_ENV_API_KEY: 'canary-3fd1b7',
      MCP_BRIDGE_MAX_LINE_BYTES: '100000',
      SOME_SECRET: 'of the bridge',
      TZ: 'Europe/Vienna',
    });
  });
  afterAll(() => bridge[Symbol.asyncDispose]());

  it('[BRG-02] splits the command by shell rules and gives it to no shell', async () => {
    expect(JSON.parse(await said(bridge, 'argv'))).toEqual(['two words', 'a;b', '$HOME', 'q"q', '*']);
  });

  it('[BRG-04] answers POST /tools/list and POST /tools/call with plain JSON', async () => {
    const list = await send(`${bridge.origin}/tools/list`);
    expect(list.status).toBe(200);
    expect(list.headers['content-type']).toBe('application/json');
    expect((JSON.parse(list.text) as { tools: { name: string }[] }).tools[0]!.name).toBe('echo');
    const plain = await post(`${bridge.origin}/tools/call`, { name: 'echo', arguments: { text: 'héllo' } });
    expect(JSON.parse(plain.text)).toEqual({ content: [{ type: 'text', text: 'héllo' }] });
    const params = { name: 'echo', arguments: { text: 'x' } };
    const rpc = await post(`${bridge.origin}/tools/call`, { jsonrpc: '2.0', id: 'mine', method: 'tools/call', params });
    expect(rpc.message).toEqual({ jsonrpc: '2.0', id: 'mine', result: { content: [{ type: 'text', text: 'x' }] } });
    const unknown = await call(bridge, 'none');
    expect(unknown.status).toBe(400);
    expect(JSON.parse(unknown.text)).toEqual({ error: { code: -32602, message: 'Unknown tool', data: { odd: 1 } } });
    expect((await post(`${bridge.origin}/tools/call`, '{')).status).toBe(400);
    expect((await post(`${bridge.origin}/tools/call`, '{"jsonrpc":"2.0","id":1,"method":"ping"}')).status).toBe(400);
  });

  it('[BRG-01] bytes of a result reach the client as they came', async () => {
    expect((await call(bridge, 'odd')).text).toBe(oddResult);
    const id = '"a\\u0062\\"c"';
    const rpc = await post(bridge.url, `{"jsonrpc":"2.0","method":"tools/call","params":{"name":"odd"},\n"id":${id}}`);
    expect(rpc.text).toBe(`{"result":${oddResult},"id":${id},"jsonrpc":"2.0"}`);
  });

  it('[BRG-06] 200 calls at once, each with its own nonce and the same id, never mix', async () => {
    const nonces = Array.from({ length: 200 }, (_, i) => `nonce-${i}-${Math.random().toString(36)}`);
    const answers = await Promise.all(
      nonces.map((nonce, i) => {
        const ways = [
          ['slow', { text: nonce, ms: (i * 7) % 150 }],
          ['progress', { text: nonce, steps: i % 4 }],
          ['echo', { text: nonce }],
        ] as const;
        const [name, args] = ways[i % 3]!;
        const params = { name, arguments: args, _meta: { progressToken: 'same' } };
        return post(bridge.url, { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, both);
      }),
    );
    for (const [i, { messages, message }] of answers.entries()) {
      expect(message).toMatchObject({ id: 1, result: { content: [{ text: nonces[i] }] } });
      const steps = i % 3 === 1 ? i % 4 : 0;
      const progress = Array.from({ length: steps }, (_, step) => ({
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: 'same', progress: step + 1, total: steps, message: nonces[i] },
      }));
      expect(messages.slice(0, -1)).toEqual(progress);
    }
  });

  it('[BRG-06] [edge 80] a slow call holds nobody up', async () => {
    let over = false;
    const slow = said(bridge, 'slow', { ms: 600 }).then(() => (over = true));
    for (let i = 0; i < 20; i++) expect(await said(bridge, 'echo', { text: `quick ${i}` })).toBe(`quick ${i}`);
    expect(over).toBe(false);
    await slow;
  });

  it('[edge 73] survives noise, blank lines, CRLF, a BOM and characters in pieces on stdout', async () => {
    expect(await said(bridge, 'noise', { text: 'through' })).toBe('through');
    expect((await call(bridge, 'crlf')).text).toBe('{"content":[]}');
    expect(await said(bridge, 'split')).toBe('é😀');
    expect(bridge.log()).toContain('Listening on stdio!');
    expect(bridge.log()).not.toContain('\u001b');
  });

  it('[edge 73] a line over the limit fails its own call at once and no other', async () => {
    const other = said(bridge, 'slow', { ms: 300, text: 'unharmed' });
    const huge = await call(bridge, 'huge', { bytes: 20_000_000 });
    expect(huge.status).toBe(502);
    expect(await other).toBe('unharmed');
    expect(await said(bridge, 'huge', { bytes: 90_000 })).toHaveLength(90_000);
  });

  it('[BRG-05] [edge 74] drains stderr, so that a flood of it blocks nothing, reaches no client and bounds the log', async () => {
    const before = bridge.log().length;
    const { text } = await call(bridge, 'flood', { lines: 5_000 });
    expect(text).not.toContain('eee');
    expect(JSON.parse(text)).toMatchObject({ content: [{ text: 'flooded' }] });
    expect(bridge.log().length - before).toBeLessThan(500_000);
    expect(bridge.log().length - before).toBeGreaterThan(1_000);
  });

  it('[edge 78] the child has the ordinary variables and its own, and none of the bridge', async () => {
    const env = JSON.parse(await said(bridge, 'environment')) as Record<string, string>;
    expect(Object.keys(env).toSorted()).toEqual(['API_KEY', 'PATH', 'TZ']);
    expect(env['API_KEY']).toBe('canary-3fd1b7');
  });

  it('[edge 74] values given to the child are blotted out where its words are logged', async () => {
    // The flood before may have used up what is logged in this second.
    await until(async () => {
      await said(bridge, 'secret');
      return bridge.log().includes('connecting with [API_KEY]');
    }, 'the line is logged');
    expect(bridge.log()).not.toContain('canary-3fd1b7');
  });

  it('[edge 79] [edge 39] a client without a session that leaves cancels its call at the child', async () => {
    const leaving = new AbortController();
    const body = JSON.stringify({ name: 'slow', arguments: { ms: 5_000 } });
    const gone = send(`${bridge.origin}/tools/call`, { headers: json, body, signal: leaving.signal });
    await sleep(100);
    leaving.abort();
    await expect(gone).rejects.toThrow();
    await until(async () => (await said(bridge, 'cancelled')).includes('"known":true'), 'the child hears of it');
  });

  it('[edge 43] [edge 44] what a shared child asks is refused at once: nobody can say whom it means', async () => {
    const answer = JSON.parse(await said(bridge, 'ask', { method: 'sampling/createMessage' })) as unknown;
    expect(answer).toMatchObject({ error: { code: -32601 } });
    expect(JSON.parse(await said(bridge, 'ask', { method: 'ping' }))).toEqual({ result: {} });
  });

  it('[edge 75] a crash fails the calls under way at once, and the next ones are served by a new child', async () => {
    const pid = await said(bridge, 'pid');
    const slow = call(bridge, 'slow', { ms: 20_000 });
    const rpc = post(bridge.url, {
      jsonrpc: '2.0',
      id: 5,
      method: 'tools/call',
      params: { name: 'slow', arguments: { ms: 20_000 } },
    });
    await sleep(50);
    const crash = await call(bridge, 'crash');
    expect(crash.status).toBe(502);
    expect((await slow).status).toBe(502);
    expect((await rpc).message).toMatchObject({ id: 5, error: { code: 502 } });
    expect((await send(`${bridge.origin}/healthz`, { method: 'GET' })).status).toBe(503);
    expect((await call(bridge, 'pid')).status).toBe(503);
    await until(async () => (await send(`${bridge.origin}/healthz`, { method: 'GET' })).status === 200, 'it is back');
    expect(await said(bridge, 'pid')).not.toBe(pid);
  });
});

describe('a bridge that starts and ends', () => {
  it('[BRG-01] makes of a stdio server one that the gateway can call', async () => {
    await using product = await startProduct();
    await using bridge = await startBridgeProcess(everythingCommand);
    await product.addServer({ slug: 'stdio', url: bridge.url });
    const params = { name: 'echo', arguments: { message: 'from end to end' } };
    const headers = { ...json, authorization: `Bearer ${product.workspaceToken}` };
    const answer = await post(product.gateway(), { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, headers);
    expect(answer.message.result).toMatchObject({ content: [{ text: 'Echo: from end to end' }] });
  });

  it('[BRG-03] shakes hands before it listens', async () => {
    const taken = await listen(createServer());
    const { port, origin } = taken;
    await taken[Symbol.asyncDispose]();
    const starting = startBridgeProcess(hostileCommand, {
      MCP_BRIDGE_PORT: String(port),
      MCP_BRIDGE_PASS_ENV: 'HOSTILE_HANDSHAKE_MS',
      HOSTILE_HANDSHAKE_MS: '1500',
    });
    let settled = false;
    void starting.finally(() => (settled = true));
    let refused = 0;
    while (!settled) {
      const answered = await send(`${origin}/healthz`, { method: 'GET' }).catch(() => undefined);
      if (answered === undefined) refused++;
      else expect(answered.status).toBe(200);
      await sleep(50);
    }
    await using bridge = await starting;
    expect(refused).toBeGreaterThan(10);
    expect(JSON.parse(await said(bridge, 'history'))).toEqual([
      'initialize',
      'notifications/initialized',
      'tools/call',
    ]);
  });

  it('[BRG-07] ends with an error that says why when the child ends before the handshake', async () => {
    const { code, errors } = await runBridge({ MCP_COMMAND: hostileCommand, MCP_ENV_HOSTILE_DIE: '1' });
    expect(code).toBe(1);
    expect(errors).toContain('The server did not start');
    expect(errors).toContain('exit code 3');
    expect(errors).toContain('API_KEY is not set');
  });

  it.each([
    ['a command that does not exist', { MCP_COMMAND: 'no-such-command-here' }, 'ENOENT'],
    ['a child that closes stdout and stays', { MCP_COMMAND: `sh -c 'exec 1>&-; sleep 60'` }, 'closed its output'],
    ['a child that says nothing', { MCP_COMMAND: 'sleep 60', MCP_BRIDGE_START_SECONDS: '1' }, 'longer than 1000 ms'],
    ['no command', {}, 'MCP_COMMAND must be'],
    ['an open quote', { MCP_COMMAND: `node 'x` }, 'never closed'],
    ['a misspelt variable', { MCP_COMMAND: 'x', MCP_BRIDGE_PROT: '1' }, 'MCP_BRIDGE_PROT is not'],
  ])('[BRG-07] ends with an error for %s', async (_, env: Record<string, string>, expected) => {
    const { code, errors } = await runBridge(env);
    expect(code).toBe(1);
    expect(errors).toContain(expected);
  });

  it('[BRG-07] ends with an error, and its child with it, when its port is taken', async () => {
    await using taken = await listen(createServer());
    const { code, errors } = await runBridge({ MCP_COMMAND: hostileCommand, MCP_BRIDGE_PORT: String(taken.port) });
    expect(code).toBe(1);
    expect(errors).toMatch(/^error: listen EADDRINUSE: .*\n$/);
  });

  it('[edge 76] takes the whole process group along, however stubborn', async () => {
    const bridge = await startBridgeProcess(hostileCommand, { MCP_ENV_HOSTILE_STUBBORN: '1' });
    const child = Number(await said(bridge, 'pid'));
    const grandchild = Number(await said(bridge, 'grandchild'));
    expect([await isAlive(child), await isAlive(grandchild)]).toEqual([true, true]);
    bridge.kill('SIGTERM');
    expect(await bridge.exited).toBe(0);
    expect([await isAlive(child), await isAlive(grandchild)]).toEqual([false, false]);
  });

  it('[edge 75] [edge 76] what a crashed child leaves behind is ended, too, although it holds the pipes', async () => {
    await using bridge = await startBridgeProcess(hostileCommand);
    const grandchild = Number(await said(bridge, 'grandchild'));
    expect((await call(bridge, 'crash')).status).toBe(502);
    await until(async () => !(await isAlive(grandchild)), 'the grandchild is gone');
    await until(async () => (await call(bridge, 'pid')).status === 200, 'a new child serves');
  });

  it('[edge 75] a child that only crashes is given up, and the bridge ends with an error for its supervisor to see', async () => {
    const env = { MCP_COMMAND: hostileCommand, MCP_ENV_HOSTILE_CRASH_MS: '50', MCP_BRIDGE_MAX_RESTARTS: '2' };
    const { code, out } = await runBridge(env);
    expect(code).toBe(1);
    expect(out).toContain('"the server keeps ending and is given up","restarts":2');
    expect(out.match(/"the server ended"/g)).toHaveLength(3);
  });

  it('[BRG-10] the health check tells by its exit code whether the bridge serves', async () => {
    const bridge = await startBridgeProcess(hostileCommand);
    const env = { MCP_BRIDGE_PORT: new URL(bridge.origin).port, MCP_BRIDGE_HOST: '127.0.0.1' };
    expect((await runBridge(env, ['healthcheck'])).code).toBe(0);
    bridge.kill('SIGTERM');
    await bridge.exited;
    expect((await runBridge(env, ['healthcheck'])).code).toBe(1);
    expect((await runBridge({}, ['nonsense'])).code).toBe(2);
  });

  it('[edge 80] a child that stops reading costs bounded memory: calls are turned away', async () => {
    await using bridge = await startBridgeProcess(hostileCommand, {
      MCP_BRIDGE_MAX_BODY_BYTES: '100000',
      MCP_BRIDGE_IDLE_TIMEOUT_SECONDS: '2',
    });
    const deaf = call(bridge, 'deaf');
    await sleep(200);
    const padding = 'p'.repeat(90_000);
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(bridge, 'echo', { text: padding })));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(8);
    expect(statuses.filter((status) => status === 504).length).toBeGreaterThan(0);
    expect((await deaf).status).toBe(504);
  });
});
