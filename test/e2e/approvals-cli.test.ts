import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mcpnest } from '../cli.ts';
import { bootstrapData, startProduct, until, type Product, type ProductData } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

describe.each(['against a URL', 'at the data folder'])('approvals from the command line, %s', (mode) => {
  const stack = new AsyncDisposableStack();
  let data: ProductData;
  let product: Product;
  let upstream: EchoUpstream;
  const environment = (): Record<string, string> =>
    mode === 'against a URL'
      ? { MCPNEST_URL: product.url, MCPNEST_API_KEY: data.apiKey }
      : { MCPNEST_DATA_DIR: data.dir };
  const done = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await mcpnest(args, environment());
    expect([args.join(' '), code, err]).toEqual([args.join(' '), 0, '']);
    return out;
  };
  const json = async (...args: string[]) => JSON.parse(await done(...args, '--json')) as Record<string, unknown>;
  const drop = async (n: number) => (await product.call('drop', { n })).message;

  beforeAll(async () => {
    data = stack.use(await bootstrapData());
    product = stack.use(await startProduct({ data }));
    const inputSchema = { type: 'object', properties: { n: { type: 'number' } } };
    upstream = stack.use(await startEchoUpstream({ tools: [{ name: 'drop', inputSchema }] }));
    await product.addServer({ slug: 'github', url: upstream.url });
  });
  afterAll(() => stack.disposeAsync());

  it('[NEW-04][REG-08] marks a tool, lists, shows, approves and refuses, and takes the mark back', async () => {
    await done('team', 'create', 'Leads');
    const marked = [
      'server',
      'require-approval',
      'github',
      'drop',
      '--approver',
      'team:leads',
      '--expires-minutes',
      '30',
    ];
    expect(await done(...marked)).toMatch(/^drop +owners and admins, team:leads +30 /m);
    expect(await json('server', 'approvals', 'github')).toMatchObject({ items: [{ target: 'drop' }] });
    await until('it is needed', async () => (await drop(0)).error?.code === 428);
    const id = (await drop(1)).error!.data!['approvalId'] as string;
    const other = (await drop(2)).error!.data!['approvalId'] as string;
    expect(await done('approval', 'list')).toMatch(
      new RegExp(`workspace token +github:drop +\\{"n":"n"\\} +pending +\\S+ \\S+ +${id}`),
    );
    expect(await json('approval', 'approve', id)).toMatchObject({ id, state: 'approved' });
    expect((await drop(1)).result).toBeDefined();
    expect(await done('approval', 'show', id)).toMatch(/^state: +used$/m);
    expect(await json('approval', 'refuse', other, '--reason', 'no')).toMatchObject({ state: 'refused', reason: 'no' });
    expect((await drop(2)).error).toMatchObject({ code: -32003 });
    const states = (await json('approval', 'list', '--all'))['items'] as { id: string; state: string }[];
    expect(states.find((item) => item.id === id)?.state).toBe('used');
    expect((await json('approval', 'list', '--mine'))['items']).toEqual([]);
    expect((await mcpnest(['approval', 'approve', id], environment())).code).toBe(5);
    expect((await mcpnest(['approval', 'show', data.workspace], environment())).code).not.toBe(0);
    expect(await done('server', 'waive-approval', 'github', 'drop')).toBe('(none)\n');
    await until('it is needed no more', async () => (await drop(3)).result !== undefined);
  });
});
