import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
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
  const probed = async () => (await call({ name: 'ask_both', arguments: { probe: 1 } })).error?.code === 428;
  await until('approvals are required', probed);
});
afterAll(() => stack.disposeAsync());

const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const meta = { 'io.modelcontextprotocol/clientCapabilities': capabilities };
const call = async (request: Record<string, unknown>): Promise<RpcMessage> =>
  (await product.modern('tools/call', request, { meta })).message;
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
  await approve(await call({ name }));
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
    expect((await call({ name })).error?.code).toBe(428);
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
    expect((await call({ name, inputResponses })).error?.code).toBe(428);
    const server = { ...params, server: 'new' };
    const set = (approval: 'required' | 'none') =>
      product.client.approvalSettings.update({ params: server, body: { settings: [{ target: '*', approval }] } });
    const stateful = 'test_input_required_result_request_state';
    const needed = async () => (await call({ name: stateful, arguments: { probe: 2 } })).error?.code === 428;
    await set('none');
    await until('none is needed', async () => !(await needed()));
    const next = answered(stateful, await call({ name: stateful }));
    await set('required');
    await until('approval is needed again', needed);
    expect((await call(next)).error?.code).toBe(428);
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
