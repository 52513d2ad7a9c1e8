import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startReceiver, type Receiver } from '../../packages/server/src/control/webhooks/receiver.contract.ts';
import { startProduct, until, type Product } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

const cli = fileURLToPath(new URL('../../packages/server/src/cli.ts', import.meta.url));
const stack = new AsyncDisposableStack();
let product: Product;
let peer: Receiver;
let params: { workspace: string };

beforeAll(async () => {
  product = stack.use(await startProduct());
  peer = stack.use(await startReceiver());
  params = { workspace: product.workspace };
  const upstream = stack.use(await startEchoUpstream({ tools: ['drop'] }));
  await product.addServer({ slug: 'github', url: upstream.url });
  await product.client.network.allow({ body: { target: peer.target } });
  const settings = [{ target: 'drop', approval: 'required' as const }];
  await product.client.approvalSettings.update({ params: { ...params, server: 'github' }, body: { settings } });
  await until('approval is needed', async () => (await product.call('drop', {})).message.error?.code === 428);
}, 30_000);
afterAll(() => stack.disposeAsync());

const run = async (...args: string[]) => {
  const env = { ...process.env, MCPNEST_URL: product.url, MCPNEST_API_KEY: product.apiKey };
  return (await promisify(execFile)(process.execPath, [cli, ...args], { env })).stdout;
};

it('[NEW-04] an approver hears of a call that waits within seconds, with its shape and the way to decide it', async () => {
  const made = JSON.parse(await run('webhooks', 'create', peer.url, '--event', 'approval.requested', '--json')) as {
    secret: string;
    webhook: { id: string };
    test: object;
  };
  expect(made.test).toMatchObject({ status: 204, problem: null });
  const { message } = await product.call('drop', { repo: 'Kronjuwelen' });
  const id = message.error!.data!['approvalId'] as string;
  const told = () => peer.received.find(({ data }) => data['approvalId'] === id);
  await until('it is told', async () => told() !== undefined, 5_000);
  const { headers, body, data } = told()!;
  expect(data).toMatchObject({
    server: 'github',
    tool: 'drop',
    requester: 'workspace token',
    decide: { command: `mcpnest approval approve ${id}`, url: expect.stringContaining(product.url) as string },
  });
  expect(JSON.stringify(peer.received)).not.toContain('Kronjuwelen');
  // As a receiver of another make would verify it.
  const key = Buffer.from(made.secret.slice('whsec_'.length), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);

  const shown = JSON.parse(await run('webhooks', 'show', made.webhook.id, '--json')) as { deliveries: object[] };
  expect(shown.deliveries[0]).toMatchObject({ id: headers['webhook-id'], state: 'delivered', status: 204 });
  expect(await run('webhooks', 'test', made.webhook.id)).toContain('arrived (204');
  expect(await run('webhooks', 'pause', made.webhook.id)).toContain('paused');
  expect(await run('webhooks', 'resume', made.webhook.id)).toContain('active');
  expect(await run('webhooks', 'list')).toContain('approval.requested');
  expect(await run('webhooks', 'rotate-secret', made.webhook.id)).toMatch(/^whsec_/);
  await run('webhooks', 'redeliver', made.webhook.id, String(headers['webhook-id']));
  const times = () => peer.received.filter(({ data: of }) => of['approvalId'] === id).length;
  await until('it is told again', async () => times() === 2, 5_000);
  await run('webhooks', 'remove', made.webhook.id, '--yes');
  expect((await product.client.webhooks.list({ params })).items).toEqual([]);
}, 30_000);
