import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { everythingCommand, hostileCommand, isAlive, modernCommand, startBridgeProcess, until } from '../bridge.ts';
import type { RunningBridge } from '../bridge.ts';
import { send } from '../http.ts';

type AnyClient = Pick<ClientV1, 'callTool'> | Pick<ClientV2, 'callTool'>;
const textOf = async (client: AnyClient, name: string, args: Record<string, unknown> = {}): Promise<string> => {
  const { content } = await client.callTool({ name, arguments: args });
  return (content as { text: string }[])[0]!.text;
};

async function connectV1(
  bridge: RunningBridge,
  capabilities = {},
): Promise<{ client: ClientV1; transport: TransportV1 } & AsyncDisposable> {
  const client = new ClientV1({ name: 'sdk-v1', version: '1' }, { capabilities });
  const transport = new TransportV1(new URL(bridge.url));
  await client.connect(transport);
  const leave = async (): Promise<void> => {
    await transport.terminateSession().catch(() => undefined);
    await client.close();
  };
  return { client, transport, [Symbol.asyncDispose]: leave };
}

describe('one child that all share', () => {
  let bridge: RunningBridge;
  let hostile: RunningBridge;
  beforeAll(async () => {
    bridge = await startBridgeProcess(everythingCommand);
    hostile = await startBridgeProcess(hostileCommand);
  });
  afterAll(async () => {
    await bridge[Symbol.asyncDispose]();
    await hostile[Symbol.asyncDispose]();
  });

  it('[BRG-01] SDK v1 uses the published server through it: tools, resources, prompts, completion, progress', async () => {
    await using connected = await connectV1(bridge);
    const { client, transport } = connected;
    expect(client.getServerVersion()?.name).toBe('mcp-servers/everything');
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
    expect(await textOf(client, 'echo', { message: 'grüß' })).toContain('grüß');
    const { resources } = await client.listResources();
    expect((await client.readResource({ uri: resources[0]!.uri })).contents).toHaveLength(1);
    const { prompts } = await client.listPrompts();
    expect(prompts.length).toBeGreaterThan(0);
    const seen: number[] = [];
    const { content } = await client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } },
      undefined,
      { onprogress: ({ progress }) => seen.push(progress) },
    );
    expect(JSON.stringify(content)).toContain('completed');
    expect(seen).toEqual([1, 2, 3]);
    await transport.terminateSession();
  });

  it.each(['legacy', 'auto', '2026-07-28'] as const)('[BRG-01] SDK v2 uses it (%s)', async (mode) => {
    const versionNegotiation = { mode: mode === '2026-07-28' ? { pin: mode } : mode };
    const client = new ClientV2({ name: 'sdk-v2', version: '1' }, { versionNegotiation });
    await client.connect(new TransportV2(new URL(bridge.url)));
    expect(client.getNegotiatedProtocolVersion()).toBe(mode === 'legacy' ? '2025-11-25' : '2026-07-28');
    expect(client.getServerVersion()?.name).toBe('mcp-servers/everything');
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('get-sum');
    expect(await textOf(client, 'get-sum', { a: 2, b: 3 })).toContain('5');
    const { resources } = await client.listResources();
    expect((await client.readResource({ uri: resources[0]!.uri })).contents).toHaveLength(1);
    const seen: number[] = [];
    const long = { name: 'trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } };
    await client.callTool(long, { onprogress: ({ progress }) => void seen.push(progress) });
    expect(seen).toEqual([1, 2, 3]);
    await client.close();
  });

  it('[edge 61] [edge 62] promises nothing that it could do for one client only', async () => {
    await using connected = await connectV1(hostile);
    expect(connected.client.getServerCapabilities()).toEqual({
      tools: { listChanged: true },
      resources: { subscribe: true },
    });
  });

  it('[edge 49] tells every session of a changed list, those who subscribed of a resource, and nobody what is private', async () => {
    const heard: Record<'a' | 'b', string[]> = { a: [], b: [] };
    await using first = await connectV1(hostile);
    await using second = await connectV1(hostile);
    for (const [name, { client }] of [
      ['a', first],
      ['b', second],
    ] as const) {
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard[name].push('list'));
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => void heard[name].push('resource'));
      client.setNotificationHandler(LoggingMessageNotificationSchema, () => void heard[name].push('log'));
    }
    await first.client.subscribeResource({ uri: 'test://a' });
    await until(async () => {
      await textOf(second.client, 'tell');
      return heard.a.includes('list') && heard.b.includes('list');
    }, 'both streams are open and heard');
    await until(() => heard.a.includes('resource'), 'the subscriber hears of its resource');
    expect(heard.b).not.toContain('resource');
    expect([...heard.a, ...heard.b]).not.toContain('log');
    await first.transport.terminateSession();
    await until(
      async () => (await textOf(second.client, 'history')).includes('resources/unsubscribe'),
      'the child hears that nobody listens any longer',
    );
  });

  it('[edge 40] [edge 79] a cancelled call of a session is cancelled at the child, by its id and only there', async () => {
    await using first = await connectV1(hostile);
    await using second = await connectV1(hostile);
    const leaving = new AbortController();
    const ours = first.client.callTool({ name: 'slow', arguments: { ms: 20_000 } }, undefined, {
      signal: leaving.signal,
    });
    const theirs = textOf(second.client, 'slow', { ms: 700, text: 'unharmed' });
    setTimeout(() => leaving.abort('enough'), 100);
    await expect(ours).rejects.toThrow();
    expect(await theirs).toBe('unharmed');
    expect(await textOf(second.client, 'cancelled')).toContain('"known":true');
  });
});

describe('one child per session', () => {
  let bridge: RunningBridge;
  let hostile: RunningBridge;
  const perSession = { MCP_BRIDGE_SESSIONS: 'per-session', MCP_BRIDGE_MAX_SESSIONS: '3' };
  beforeAll(async () => {
    bridge = await startBridgeProcess(everythingCommand, perSession);
    hostile = await startBridgeProcess(hostileCommand, {
      ...perSession,
      MCP_BRIDGE_SESSION_IDLE_SECONDS: '2',
      MCP_BRIDGE_IDLE_TIMEOUT_SECONDS: '1',
    });
  });
  afterAll(async () => {
    await bridge[Symbol.asyncDispose]();
    await hostile[Symbol.asyncDispose]();
  });

  it('[BRG-01] [edge 43] SDK v1: the published server elicits, samples and asks for roots, and its client answers', async () => {
    await using connected = await connectV1(bridge, { elicitation: {}, sampling: {}, roots: { listChanged: true } });
    const { client } = connected;
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ada Lovelace' } }));
    client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
      role: 'assistant',
      model: 'none',
      content: { type: 'text', text: `sampled ${JSON.stringify(params.messages)}` },
    }));
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///srv/data', name: 'data' }] }));
    const elicited = await client.callTool({ name: 'trigger-elicitation-request', arguments: {} });
    expect(JSON.stringify(elicited.content)).toContain('Ada Lovelace');
    const sampled = await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'a poem' } });
    expect(JSON.stringify(sampled.content)).toContain('sampled');
    expect(JSON.stringify(sampled.content)).toContain('a poem');
    const roots = await client.callTool({ name: 'get-roots-list', arguments: {} });
    expect(JSON.stringify(roots.content)).toContain('file:///srv/data');
  });

  it('[edge 7] [edge 42] an answer counts from the session that was asked, and a person may take longer than a machine', async () => {
    await using connected = await connectV1(hostile, { elicitation: {} });
    await using other = await connectV1(hostile, { elicitation: {} });
    connected.client.setRequestHandler(ElicitRequestSchema, async () => {
      const stolen = await send(hostile.url, {
        headers: { 'content-type': 'application/json', 'mcp-session-id': other.transport.sessionId },
        body: '{"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"name":"Mallory"}}}',
      });
      expect(stolen.status).toBe(400);
      await sleep(1_500);
      return { action: 'accept', content: { name: 'Ada' } };
    });
    const answer = await textOf(connected.client, 'ask');
    expect(JSON.parse(answer)).toEqual({ result: { action: 'accept', content: { name: 'Ada' } } });
  });

  it('[edge 43] SDK v2 answers an elicitation, too', async () => {
    const client = new ClientV2({ name: 'sdk-v2', version: '1' }, { capabilities: { elicitation: { form: {} } } });
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Grace Hopper' } }));
    await client.connect(new TransportV2(new URL(bridge.url)));
    const elicited = await client.callTool({ name: 'trigger-elicitation-request', arguments: {} });
    expect(JSON.stringify(elicited.content)).toContain('Grace Hopper');
    await client.close();
  });

  it('[edge 78] each session has a process, which ends with it; too many are turned away', async () => {
    const sessions = [await connectV1(hostile), await connectV1(hostile), await connectV1(hostile)];
    const pids = await Promise.all(sessions.map(async ({ client }) => Number(await textOf(client, 'pid'))));
    expect(new Set(pids).size).toBe(3);
    await expect(connectV1(hostile)).rejects.toThrow('too many sessions');
    await sessions[0]!.transport.terminateSession();
    await until(async () => !(await isAlive(pids[0]!)), 'its process is gone');
    expect(Number(await textOf(sessions[1]!.client, 'pid'))).toBe(pids[1]);
    for (const { client } of sessions) await client.close();
    await until(async () => !(await isAlive(pids[1]!)) && !(await isAlive(pids[2]!)), 'silent sessions are reaped');
  });

  it('[edge 75] a session whose child crashed is gone: 404, so that its client opens a new one', async () => {
    await using connected = await connectV1(hostile);
    const { sessionId } = connected.transport;
    await expect(textOf(connected.client, 'crash')).rejects.toThrow('ended before it answered');
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
    const headers = { 'content-type': 'application/json', 'mcp-session-id': sessionId };
    await until(async () => (await send(hostile.url, { headers, body })).status === 404, 'the session is gone');
  });

  it('[edge 43] a child that asks a client without a stream is refused, not left waiting', async () => {
    const headers = { 'content-type': 'application/json' };
    const opening = {
      protocolVersion: '2025-11-25',
      capabilities: { elicitation: {} },
      clientInfo: { name: 'x', version: '1' },
    };
    const opened = await send(hostile.url, {
      headers,
      body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: opening }),
    });
    const sessionId = opened.headers['mcp-session-id'] as string;
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'ask', arguments: {} },
    });
    const asked = await send(hostile.url, { headers: { ...headers, 'mcp-session-id': sessionId }, body });
    expect(asked.headers['content-type']).toBe('application/json');
    expect(JSON.stringify(asked.message.result)).toContain('-32601');
  });
});

it('[edge 75] a session whose child does not start is an error in band, and leaves no session behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcpnest-bridge-'));
  // The first start makes the file; every later one finds it and fails.
  const once = `sh -c 'test -e "$0/started" && exit 4; touch "$0/started"; exec "$@"' ${folder} ${hostileCommand}`;
  await using bridge = await startBridgeProcess(once, {
    MCP_BRIDGE_SESSIONS: 'per-session',
    MCP_BRIDGE_MAX_SESSIONS: '1',
  });
  for (let i = 0; i < 3; i++) await expect(connectV1(bridge)).rejects.toThrow('The server did not start.');
  const list = await send(`${bridge.origin}/tools/list`);
  expect(list.status).toBe(200);
  rmSync(folder, { recursive: true });
});

describe('a child of the modern generation', () => {
  it('[edge 77] is found only where the setting asks for it, and then serves both kinds of client', async () => {
    await expect(startBridgeProcess(modernCommand)).rejects.toThrow('refused initialize');
    await using bridge = await startBridgeProcess(modernCommand, { MCP_BRIDGE_CHILD_ERA: 'auto' });
    await using connected = await connectV1(bridge);
    expect(await textOf(connected.client, 'greet', { name: 'old client' })).toBe('Hello, old client');
    const client = new ClientV2(
      { name: 'sdk-v2', version: '1' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    await client.connect(new TransportV2(new URL(bridge.url)));
    expect(await textOf(client, 'greet', { name: 'new client' })).toBe('Hello, new client');
    await client.close();
    const alias = await send(`${bridge.origin}/tools/call`, { body: '{"name":"greet","arguments":{"name":"curl"}}' });
    expect(alias.text).toContain('Hello, curl');
  });

  it('[edge 77] a legacy child behind the same setting is opened with initialize after all', async () => {
    await using bridge = await startBridgeProcess(hostileCommand, { MCP_BRIDGE_CHILD_ERA: 'auto' });
    await using connected = await connectV1(bridge);
    const history = JSON.parse(await textOf(connected.client, 'history')) as string[];
    expect(history.slice(0, 3)).toEqual(['server/discover', 'initialize', 'notifications/initialized']);
  });
});
