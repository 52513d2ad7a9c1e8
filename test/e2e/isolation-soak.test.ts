import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProduct, until, type Product } from '../harness.ts';
import type { RpcMessage, Sent } from '../http.ts';
import { startEchoUpstream, type EchoOptions, type EchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let upstreams: Record<'legacy' | 'modern', EchoUpstream>;

const callersPerKind = 6;
const rounds = 6;
const progressSteps = 3;
/** Ids and progress tokens that every caller uses, at the same time as every other. */
const sharedIds = ['1', 1, 'one'] as const;
/** The one of them that is called off in every second round. */
const calledOff = 1;

/** Progress tokens the upstream has under way, so that it can report on streams that are not theirs. */
const underWay = new Map<string, string>();

/** Reports progress of every call on every stream, well and badly, and answers each with its nonce. */
const intercept: EchoOptions['intercept'] = (request, id, res) => {
  if (request.method === 'initialize') {
    // Two workspaces are given the same session.
    res.setHeader('mcp-session-id', 'the-same-for-all');
    return false;
  }
  if (request.method !== 'tools/call') return false;
  const { arguments: args, _meta } = request.params as {
    arguments: { nonce: string };
    _meta: { progressToken: string };
  };
  const token = _meta.progressToken;
  underWay.set(token, args.nonce);
  const report = (progressToken: string, progress: number, message: string): void => {
    const params = { progressToken, progress, message };
    res.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params })}\n\n`);
  };
  void (async () => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let step = 1; step <= progressSteps && !res.destroyed; step++) {
      report(token, step, args.nonce);
      // Said twice, and then less: not progress.
      report(token, step, args.nonce);
      report(token, step - 0.5, args.nonce);
      for (const [other, nonce] of underWay) if (other !== token) report(other, 100 + step, nonce);
      await sleep(Math.random() * 40);
    }
    underWay.delete(token);
    res.write(`data: {"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":"${args.nonce}"}}\n\n`);
    report(token, 2 * progressSteps, args.nonce);
    res.end();
  })();
  return true;
};

beforeAll(async () => {
  product = stack.use(await startProduct());
  upstreams = {
    legacy: stack.use(await startEchoUpstream({ era: 'legacy', intercept })),
    modern: stack.use(await startEchoUpstream({ era: 'modern', intercept })),
  };
  await product.client.workspaces.create({ body: { name: 'Other', slug: 'other' } });
  const { secret } = await product.client.tokens.issue({ params: { workspace: 'other' }, body: { label: 'other' } });
  for (const era of ['legacy', 'modern'] as const) {
    const server = { slug: era, url: upstreams[era].url, limits: { concurrency: 100 } };
    await product.addServer(server);
    await product.addServer({ ...server, workspace: 'other', token: secret });
  }
});
afterAll(() => stack.disposeAsync());

interface Caller {
  readonly kind: 'session' | 'modern' | 'bare';
  readonly workspace: string;
  readonly token: string;
  readonly tokenId: string;
  readonly session: string | undefined;
}

async function newCaller(kind: Caller['kind'], workspace: string): Promise<Caller> {
  const issued = await product.client.tokens.issue({ params: { workspace }, body: { label: kind } });
  const at = { workspace, token: issued.secret };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const initialize = { jsonrpc: '2.0', id: 0, method: 'initialize', params };
  await until('the token is known', async () => (await product.rpc(initialize, at)).status === 200);
  const session = (await product.rpc(initialize, at)).headers['mcp-session-id'];
  return { kind, ...at, tokenId: issued.token.id, session: kind === 'session' ? String(session) : undefined };
}

interface Asked {
  readonly nonce: string;
  readonly id: string | number;
  /** Undefined where the caller went away. */
  readonly answer: Sent | undefined;
  readonly calledOff: boolean;
}

/** One caller's turn: calls under the ids everybody uses, all at once; one of them may be called off meanwhile. */
async function turn(caller: Caller, tool: string, round: number): Promise<Asked[]> {
  const leaving = new AbortController();
  const cancels = round % 2 === 1 && caller.kind !== 'bare';
  const calls = sharedIds.map(async (id, i): Promise<Asked> => {
    const nonce = `nonce-${randomBytes(12).toString('hex')}`;
    const called = cancels && i === calledOff;
    const signal = called && caller.kind === 'modern' ? leaving.signal : undefined;
    const answer = await ask(caller, tool, id, nonce, signal).catch(() => undefined);
    return { nonce, id, answer, calledOff: called };
  });
  if (cancels) {
    await sleep(10 + Math.random() * 20);
    const params = { requestId: sharedIds[calledOff] };
    if (caller.kind === 'modern') leaving.abort();
    else await inSession(caller, { jsonrpc: '2.0', method: 'notifications/cancelled', params });
  }
  return Promise.all(calls);
}

function ask(caller: Caller, name: string, id: unknown, nonce: string, signal?: AbortSignal): Promise<Sent> {
  const modern = caller.kind === 'modern';
  const described = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const _meta = { progressToken: id, ...(modern ? described : {}) };
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name };
  const message = { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: { nonce }, _meta } };
  return inSession(caller, message, { ...(modern ? headers : {}) }, signal);
}

const inSession = (
  { workspace, token, session }: Caller,
  message: object,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Sent> =>
  product.rpc(message, {
    workspace,
    token,
    headers: { accept: 'application/json, text/event-stream', 'mcp-session-id': session, ...headers },
    ...(signal === undefined ? {} : { signal }),
  });

/** What came back belongs to this request and to no other. */
function judge({ nonce, id, answer, calledOff: called }: Asked): void {
  if (answer === undefined || answer.text === '') return expect(called).toBe(true);
  expect([...answer.text.matchAll(/nonce-[0-9a-f]+/g)].every(([found]) => found === nonce)).toBe(true);
  const progress = answer.messages.filter(({ method }) => method === 'notifications/progress');
  expect(progress.every(({ params }) => params?.['progressToken'] === id)).toBe(true);
  const steps = progress.map(({ params }) => params?.['progress'] as number);
  const all = Array.from({ length: progressSteps }, (_, i) => i + 1);
  if (!called) expect(steps).toEqual(all);
  const answers = answer.messages.filter((message: RpcMessage) => message.method === undefined);
  if (called && answers.length === 0) return;
  expect(answers).toHaveLength(1);
  expect(answers[0]).toMatchObject({ id, result: { structuredContent: nonce } });
}

it('[edge 5][edge 6][edge 27][edge 40][edge 41] keeps callers apart who use the same ids, tokens and sessions', async () => {
  const kinds = ['session', 'modern', 'bare'] as const;
  const callers = await Promise.all(
    kinds.flatMap((kind) =>
      Array.from({ length: callersPerKind }, (_, i) => newCaller(kind, i % 2 === 0 ? product.workspace : 'other')),
    ),
  );
  const asked = new Map<Caller, Asked[]>(callers.map((caller) => [caller, []]));
  for (let round = 0; round < rounds; round++) {
    const tool = round < rounds / 2 ? 'legacy__echo' : 'modern__echo';
    await Promise.all(
      callers.map(async (caller) => {
        asked.get(caller)!.push(...(await turn(caller, tool, round)));
      }),
    );
  }
  const all = [...asked.values()].flat();
  expect(all).toHaveLength(callers.length * rounds * sharedIds.length);
  for (const request of all) judge(request);
  expect(all.filter(({ calledOff: called }) => called).length).toBeGreaterThan(0);
  // The rows say so, too: only those who called off have a call that was.
  const own = await product.calls();
  expect(own.some(({ outcome }) => outcome === 'cancelled')).toBe(true);
  for (const [caller, requests] of asked) {
    const rows = own.filter((row) => row.token_id === caller.tokenId);
    // Whoever went away at once may not have been heard.
    const unheard = requests.length - rows.length;
    expect(unheard).toBeGreaterThanOrEqual(0);
    expect(unheard).toBeLessThanOrEqual(requests.filter(({ answer }) => answer === undefined).length);
    const ended = rows.filter(({ outcome }) => outcome !== 'ok').map(({ outcome }) => outcome);
    expect(ended.every((outcome) => outcome === 'cancelled')).toBe(true);
    expect(ended.length).toBeLessThanOrEqual(requests.filter(({ calledOff: called }) => called).length);
  }
  // Each upstream saw ids that never collide, whatever its callers sent.
  for (const upstream of Object.values(upstreams)) {
    const ids = upstream.calls().map(({ body }) => (JSON.parse(body) as { id: unknown }).id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.some((id) => (sharedIds as readonly unknown[]).includes(id))).toBe(false);
  }
}, 60_000);

it("[edge 23][edge 40] a stolen session id calls nothing off, and its owner's calls go on", async () => {
  const [owner, thief] = [await newCaller('session', product.workspace), await newCaller('bare', product.workspace)];
  const nonce = 'nonce-ab';
  const running = ask(owner, 'legacy__echo', 1, nonce);
  await until('the call is under way', () => Promise.resolve([...underWay.values()].includes(nonce)));
  const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
  expect((await inSession({ ...thief, session: owner.session }, cancel)).status).toBe(404);
  expect((await inSession({ ...owner, session: undefined }, cancel)).status).toBe(202);
  judge({ nonce, id: 1, answer: await running, calledOff: false });
});
