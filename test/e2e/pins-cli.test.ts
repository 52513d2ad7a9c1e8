import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Io } from '../../packages/server/src/cli/io.ts';
import { run } from '../../packages/server/src/cli/run.ts';
import { bootstrapData, startProduct, until, type Product, type ProductData } from '../harness.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let data: ProductData;
let product: Product;
let upstream: EchoUpstream;

beforeAll(async () => {
  data = stack.use(await bootstrapData());
  product = stack.use(await startProduct({ data }));
  upstream = stack.use(await startEchoUpstream({ tools: ['list', 'drop'] }));
  await product.addServer({ slug: 'github', url: upstream.url });
  await until('it is listed', async () => (await product.toolNames()).length === 2);
});
afterAll(() => stack.disposeAsync());

async function mcpnest(args: string, answer?: string): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const io: Io = {
    environment: { MCPNEST_DATA_DIR: data.dir },
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readInput: async () => '',
    interactive: answer !== undefined,
    ask: async (question) => {
      err += question;
      return answer!;
    },
    askSecret: () => Promise.reject(new Error('nobody is asked')),
    streams: () => ({ input: Readable.from([]), output: new PassThrough(), signal: AbortSignal.abort() }),
  };
  return { code: await run(args.split(' '), io), out, err };
}
const done = async (args: string): Promise<string> => {
  const { code, out } = await mcpnest(args);
  expect([args, code]).toEqual([args, 0]);
  return out;
};

it('reviews, approves and refuses the tools of a server in words, and asks before it approves', async () => {
  await until('the gateway has written', async () => (await done('server review github')).includes('drop: new'));
  expect(await done('server review github')).toBe(
    'drop: new\nlist: new\nPinning is off: every tool is served as it is. Approve them, then: mcpnest server edit github --pinning on\n',
  );
  expect(await mcpnest('server approve github')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--all') as string,
  });
  const unasked = await mcpnest('server approve github --all');
  expect([unasked.code, unasked.err]).toEqual([2, expect.stringContaining('Confirm with --yes')]);
  const no = await mcpnest('server approve github --all', 'n');
  expect([no.code, no.err]).toEqual([
    2,
    expect.stringContaining('drop: new\nlist: new\nApprove 2 of github as shown?'),
  ]);
  expect((await mcpnest('server approve github --all', 'y')).code).toBe(0);
  await done('server edit github --pinning on');
  await until('it is pinned', async () => (await done('server review github')).includes('2 approved and unchanged'));

  upstream.set({
    tools: [{ name: 'list', description: 'The tool list\u202E\u001B[2J', inputSchema: { type: 'object' } }, 'fresh'],
  });
  await done('server edit github --limit perMinute=1000');
  await until('it has changed', async () => {
    await product.toolNames();
    return (await done('server review github')).includes('fresh: new');
  });
  const changed = await done('server review github');
  expect(changed).toMatch(
    /^drop: listed no longer \(approved \d{4}-\d\d-\d\d \d\d:\d\d\)\nfresh: new\nlist: changed \(approved [^)]*\)\n/,
  );
  expect(changed).toContain('  description changed: "The tool list" → "The tool list<U+202E><U+001B>[2J"\n');
  expect(changed).toContain('  warning: description: 2 characters nobody sees (U+202E, U+001B)\n');
  expect(changed).toContain('2 held back until: mcpnest server approve github\n');
  expect(await done('server review github list')).toContain('  now: {"description":"The tool list<U+202E>\\u001b[2J"');

  const shown = await mcpnest('server show github');
  expect([shown.out, shown.err]).toEqual([
    expect.stringMatching(/pinning: +on/),
    expect.stringContaining('warning: 2 tools are held back.\n  mcpnest server review github'),
  ]);
  expect(await done('server health')).toMatch(/HELD BACK\n.* 2\n/);
  expect(await done('server tools github')).toContain('warning: list: description: 2 characters nobody sees');
  expect(await done('doctor')).toContain('tools to review: 2 of github (--workspace acme) held back.');

  await done('server refuse github list');
  expect(await done('server approve github fresh --yes')).toBe('Nothing waits for a decision.\n');
  expect(JSON.parse(await done('server review github --json'))).toMatchObject({
    pinning: 'on',
    pending: 0,
    items: [{ state: 'gone' }, { tool: 'fresh', state: 'approved' }, { tool: 'list', state: 'refused' }],
  });
  await until('the gateway knows', async () => (await product.toolNames()).join() === 'fresh');
  expect((await mcpnest('server refuse github nothing')).code).toBe(2);
  expect(changed + shown.out + shown.err).not.toMatch(/[\u202E\u001B]/);
}, 20_000);
