import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, until, type Product } from '../harness.ts';
import type { RpcMessage } from '../http.ts';
import { startAskingLegacyUpstream, type AskingUpstream } from '../upstreams/asking-legacy.ts';
import { startAskingModernUpstream } from '../upstreams/asking-modern.ts';

/** Calls that were approved and whose server then asks for input: one approval for the whole of it, and no more. */
const stack = new AsyncDisposableStack();
let product: Product;
let legacy: AskingUpstream;
let params: { workspace: string };

beforeAll(async () => {
  product = stack.use(await startProduct());
  params = { workspace: product.workspace };
  legacy = stack.use(await startAskingLegacyUpstream());
  const modern = stack.use(await startAskingModernUpstream());
  await product.addServer({ slug: 'old', url: legacy.url });
  await product.addServer({ slug: 'new', url: modern.url });
  const settings = [{ target: '*', approval: 'required' as const }];
  for (const server of ['old', 'new'])
    await product.client.approvalSettings.update({ params: { ...params, server }, body: { settings } });
  const probed = async () => (await mute({ name: 'ask_both', arguments: { probe: 1 } })).error?.code === 428;
  await until('approvals are required', probed);
});
afterAll(() => stack.disposeAsync());

const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const meta = { 'io.modelcontextprotocol/clientCapabilities': capabilities };
const call = async (request: Record<string, unknown>): Promise<RpcMessage> =>
  (await product.modern('tools/call', request, { meta })).message;
/** The same of a client that cannot be asked anything, so that it is told in an error what it waits for. */
const mute = async (request: Record<string, unknown>): Promise<RpcMessage> =>
  (await product.modern('tools/call', request)).message;
const approve = (message: RpcMessage) => {
  expect(message.error?.code).toBe(428);
  const approval = message.error!.data!['approvalId'] as string;
  return product.client.approvals.approve({ params: { ...params, approval }, body: {} });
};
/** What the client sends with what it was asked. */
function answered(name: string, { result }: RpcMessage): Record<string, unknown> {
  expect(result?.['resultType']).toBe('input_required');
  const keys = Object.keys(result!['inputRequests'] ?? {});
  const answer = { action: 'accept', content: { name: 'Ada', ok: true } };
  const inputResponses = Object.fromEntries(keys.map((key) => [key, answer]));
  return { name, requestState: result!['requestState'], inputResponses };
}
/** Approve a call and send it. @returns the request that answers its question */
async function begun(name: string): Promise<Record<string, unknown>> {
  await approve(await mute({ name }));
  return answered(name, await call({ name }));
}

describe('an approved call whose server asks', () => {
  it.each([
    ['a modern server with a state', 'test_input_required_result_request_state'],
    ['a modern server without one', 'test_input_required_result_elicitation'],
    ['a legacy server', 'ask_name'],
    ['a legacy server that wants a page opened first', 'ask_page_first'],
  ])('[NEW-04][NEW-05] goes on without another approval, and once: %s', async (_, name) => {
    const next = await begun(name);
    expect(next['requestState']).toEqual(expect.any(String));
    const answers = await Promise.all(Array.from({ length: 8 }, () => call(next)));
    expect(answers.filter(({ result }) => result?.['resultType'] === 'complete').length).toBeLessThanOrEqual(1);
    expect(answers.filter(({ error }) => error === undefined)).toHaveLength(1);
    expect((await call(next)).error).toBeDefined();
    expect((await mute({ name })).error?.code).toBe(428);
  });

  it('[NEW-04][NEW-05] goes on through several rounds', async () => {
    const name = 'test_input_required_result_multi_round';
    const second = answered(name, await call(await begun(name)));
    expect((await call(second)).result?.['resultType']).toBe('complete');
    expect((await call(second)).error?.code).toBe(-32602);
  });

  it('[NEW-04] does not go on with answers alone, nor under the state of a call that had no approval', async () => {
    const name = 'test_input_required_result_elicitation';
    const { inputResponses } = await begun(name);
    expect((await mute({ name, inputResponses })).error?.code).toBe(428);
    const server = { ...params, server: 'new' };
    const set = (approval: 'required' | 'none') =>
      product.client.approvalSettings.update({ params: server, body: { settings: [{ target: '*', approval }] } });
    const stateful = 'test_input_required_result_request_state';
    const needed = async () => (await mute({ name: stateful, arguments: { probe: 2 } })).error?.code === 428;
    await set('none');
    await until('none is needed', async () => !(await needed()));
    const next = answered(stateful, await call({ name: stateful }));
    await set('required');
    await until('approval is needed again', needed);
    expect((await mute(next)).error?.code).toBe(428);
  });

  it('[NEW-04] does not go on at another address than was approved', async () => {
    const requestInit = { headers: { authorization: `Bearer ${product.workspaceToken}` } };
    const wanted = { name: 'test_input_required_result_elicitation' };
    const server = { ...params, server: 'new' };
    const { url } = await product.client.servers.show({ params: server });
    await using twin = await startAskingModernUpstream();
    const addresses = [twin.url, url];
    for (const [i, address] of addresses.entries()) {
      const client = new ClientV1({ name: 'old', version: '1' }, { capabilities: { elicitation: { form: {} } } });
      let asked = 0;
      client.setRequestHandler(ElicitRequestSchema, async () => {
        asked++;
        await product.client.network.allow({ body: { target: new URL(address).host } }).catch(() => undefined);
        await product.client.servers.update({ params: server, body: { url: address } });
        // The gateway knows within a second.
        await sleep(1_500);
        return { action: 'accept', content: { name: 'Ada' } };
      });
      await client.connect(new TransportV1(new URL(product.gateway()), { requestInit }));
      const call = { ...wanted, arguments: { of: `moved ${i}` } };
      const refused = (await client.callTool(call).catch((error: unknown) => error)) as {
        data: { approvalId: string };
      };
      await product.client.approvals.approve({ params: { ...params, approval: refused.data.approvalId }, body: {} });
      await expect(client.callTool(call)).rejects.toMatchObject({ code: -32602 });
      expect(asked).toBe(1);
      await client.close();
    }
  });

  it('[NEW-04][NEW-05] asks a legacy client on its stream and goes on', async () => {
    const client = new ClientV1({ name: 'old', version: '1' }, { capabilities: { elicitation: { form: {} } } });
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ada' } }));
    const requestInit = { headers: { authorization: `Bearer ${product.workspaceToken}` } };
    await client.connect(new TransportV1(new URL(product.gateway()), { requestInit }));
    const wanted = { name: 'test_input_required_result_elicitation', arguments: { of: 'legacy' } };
    const refused = (await client.callTool(wanted).catch((error: unknown) => error)) as {
      data: { approvalId: string };
    };
    await product.client.approvals.approve({ params: { ...params, approval: refused.data.approvalId }, body: {} });
    expect((await client.callTool(wanted)).content).toMatchObject([{ text: 'Hello, Ada!' }]);
    await client.close();
  });
});

describe('a modern client that can be asked', () => {
  const name = 'test_input_required_result_elicitation';
  /** The request with the answer to the question it was answered with. */
  const back = (args: object, { result }: RpcMessage, action: string) => {
    expect(result).toMatchObject({ resultType: 'input_required', inputRequests: { approval: {} } });
    return { name, arguments: args, requestState: result!['requestState'], inputResponses: { approval: { action } } };
  };
  const idOf = (message: RpcMessage): string => /Request ([0-9a-f-]{36})/.exec(JSON.stringify(message))![1]!;
  const decide = (approval: string) => product.client.approvals.approve({ params: { ...params, approval }, body: {} });

  it('[NEW-04][NEW-05] is asked to wait, and its call goes on once somebody has decided', async () => {
    const args = { of: 'waiting' };
    const first = await call({ name, arguments: args });
    expect(JSON.stringify(first)).not.toContain('waiting"');
    await decide(idOf(first));
    const next = await call(back(args, first, 'accept'));
    expect(next.result?.['inputRequests']).not.toHaveProperty('approval');
    const rows = (await product.calls()).filter((row) => row['approval_id'] === idOf(first));
    expect(rows.map(({ status, error_code }) => [status, error_code])).toEqual([
      [428, 'approval_required'],
      [200, 'input_required'],
    ]);
  });

  it('[NEW-04] is asked three times at most, and not again when it declines', async () => {
    const args = { of: 'patience' };
    let message = await call({ name, arguments: args });
    const id = idOf(message);
    const declined = await call(back(args, message, 'decline'));
    expect(declined.error).toMatchObject({ code: 428, data: { approvalId: id } });
    for (let i = 0; i < 2; i++) message = await call(back(args, message, 'accept'));
    expect((await call(back(args, message, 'accept'))).error).toMatchObject({ code: 428, data: { approvalId: id } });
  });

  it('[NEW-04] [edge 45] comes back with no other arguments, and under no other token', async () => {
    const first = await call({ name, arguments: { of: 'state' } });
    await decide(idOf(first));
    const forged = back({ of: 'other' }, first, 'accept');
    expect((await call(forged)).error?.code).toBe(-32602);
    const { secret } = await product.client.tokens.issue({ params, body: { label: 'other' } });
    const known = async () => (await product.toolNames({ token: secret })).length > 0;
    await until('the token is known', known);
    const stolen = back({ of: 'state' }, first, 'accept');
    expect((await product.modern('tools/call', stolen, { meta, token: secret })).message.error?.code).toBe(-32602);
  });

  it('[NEW-04] is told why, where it was refused meanwhile', async () => {
    const args = { of: 'refusal' };
    const first = await call({ name, arguments: args });
    const approval = idOf(first);
    await product.client.approvals.refuse({ params: { ...params, approval }, body: { reason: 'Not today.' } });
    expect((await call(back(args, first, 'accept'))).error).toMatchObject({ code: -32003 });
  });

  it('[NEW-04] [GW-18] SDK v2 waits with the person at it, without a line of its own for that', async () => {
    const client = new ClientV2(
      { name: 'sdk-v2', version: '1' },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    client.setRequestHandler('elicitation/create', async ({ params: { message } }) => {
      const asked = /Request ([0-9a-f-]{36})/.exec(message);
      if (asked !== null) await decide(asked[1]!);
      return { action: 'accept', content: asked === null ? { name: 'Ada' } : {} };
    });
    const requestInit = { headers: { authorization: `Bearer ${product.workspaceToken}` } };
    await client.connect(new TransportV2(new URL(product.gateway()), { requestInit }));
    const { content } = await client.callTool({ name, arguments: { of: 'sdk' } });
    expect(content).toMatchObject([{ text: 'Hello, Ada!' }]);
    await client.close();
  });
});
