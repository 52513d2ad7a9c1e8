import { join } from 'node:path';
import { readlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { runBridge, startToldBridge, type RunningBridge } from '../bridge.ts';
import { send, type Sent } from '../http.ts';

const hostile = join(import.meta.dirname, '../upstreams/hostile-stdio.ts');
const token = 'token-of-the-instance-9d02';
const dsn = 'postgresql://reader:canary-5e3b@db/shop';
const odd = ["it's", '$HOME "two" words', '; true', '', dsn];

const call = (bridge: RunningBridge, name: string, args: object = {}, bearer = token): Promise<Sent> =>
  send(`${bridge.origin}/tools/call`, {
    headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
    body: JSON.stringify({ name, arguments: args }),
  });
const said = async (bridge: RunningBridge, name: string): Promise<unknown> => {
  const { text } = await call(bridge, name);
  return JSON.parse((JSON.parse(text) as { content: { text: string }[] }).content[0]!.text) as unknown;
};

describe('a bridge that is told its secrets through its input', () => {
  it('[BRG-02] runs the command as it stands, asks for the token, and keeps its input from the child', async () => {
    const command = [process.execPath, hostile, ...odd];
    await using bridge = await startToldBridge({ command, env: { API_KEY: 'canary-5e3b-key' }, token });
    expect(await said(bridge, 'argv')).toEqual(odd);
    const environment = (await said(bridge, 'environment')) as Record<string, string>;
    expect(environment['API_KEY']).toBe('canary-5e3b-key');
    expect(Object.keys(environment).filter((name) => name.startsWith('MCP_'))).toEqual([]);
    expect((await call(bridge, 'echo', {}, 'another-token-of-some-length')).status).toBe(401);
    const child = (await said(bridge, 'pid')) as number;
    const inputs = await Promise.all([bridge.pid, child].map((pid) => readlink(`/proc/${pid}/fd/0`)));
    expect(inputs[0]).not.toBe(inputs[1]);
    expect(bridge.log()).not.toContain('canary-5e3b');
  });

  it.each([
    ['no input at all', { MCP_BRIDGE_SECRETS: 'stdin' }, /^error: MCP_BRIDGE_SECRETS is no JSON document/],
    ['no such file', { MCP_BRIDGE_SECRETS: '/no/such/file' }, /^error: MCP_BRIDGE_SECRETS cannot be read/],
  ] as const)('[BRG-07] ends with an error where there is %s', async (_, env, reason) => {
    const { code, errors } = await runBridge(env);
    expect(code).toBe(1);
    expect(errors).toMatch(reason);
  });
});
