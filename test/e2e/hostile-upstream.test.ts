import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type CallRow } from '../books.ts';
import { startProduct, type Product } from '../harness.ts';
import type { Sent } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { hostileTool, startHostileUpstream, type FaultName, type HostileUpstream } from '../upstreams/hostile.ts';
import { faults, leak } from '../upstreams/hostile/faults.ts';
import { certificateKinds, startHostileTls } from '../upstreams/hostile-tls.ts';
import { startSilentUpstream } from '../upstreams/silent.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let hostile: HostileUpstream;
let healthy: EchoUpstream;

const deadlineMs = 1_000;
const slug = (fault: string): string => fault.replaceAll('_', '-');

beforeAll(async () => {
  product = stack.use(await startProduct());
  hostile = stack.use(await startHostileUpstream());
  healthy = stack.use(await startEchoUpstream({ tools: ['healthy'] }));
  await product.addServer({ slug: 'healthy', url: healthy.url });
});
afterAll(() => stack.disposeAsync());

/** Add a server that strikes with this fault and call it. */
async function strike(
  fault: FaultName,
  options: { keep?: boolean } = {},
): Promise<{ answer: Sent; row: CallRow; ms: number }> {
  await product.addServer({ slug: slug(fault), url: hostile.url(fault), limits: { deadlineMs } });
  expect(await product.toolNames({ server: slug(fault) })).toEqual([hostileTool]);
  const started = performance.now();
  const answer = await product.rpc(
    { jsonrpc: '2.0', id: `id-${fault}`, method: 'tools/call', params: { name: hostileTool, arguments: {} } },
    { server: slug(fault) },
  );
  const ms = performance.now() - started;
  const row = (await product.calls()).findLast((candidate) => candidate.server_slug === slug(fault))!;
  if (options.keep !== true) await remove(fault);
  return { answer, row, ms };
}

const remove = (fault: string) =>
  product.client.servers.remove({ params: { workspace: product.workspace, server: slug(fault) } });

function clean({ text, headers }: Sent): void {
  expect(text).not.toContain(leak);
  expect(JSON.stringify(headers)).not.toContain(leak);
  expect(text).not.toMatch(/ECONN|socket|node:|undici|127\.0\.0\.1/);
}

/** Fault → code of the reply, outcome and status of the row. */
const expected: Partial<Record<FaultName, [number, string, number]>> = {
  hang: [504, 'timeout', 504],
  drip: [504, 'timeout', 504],
  endless_sse: [504, 'timeout', 504],
  endless_comments: [504, 'timeout', 504],
  sse_flood: [502, 'upstream_protocol_error', 502],
  specks: [504, 'timeout', 504],
  sse_specks: [504, 'timeout', 504],
  sse_garbage: [502, 'upstream_protocol_error', 502],
  sse_no_answer: [502, 'upstream_protocol_error', 502],
  sse_wrong_id: [502, 'upstream_protocol_error', 502],
  sse_breaks_off: [502, 'upstream_protocol_error', 502],
  sse_retry_in_a_year: [504, 'timeout', 504],
  asks_without_end: [502, 'upstream_protocol_error', 502],
  huge: [502, 'upstream_protocol_error', 502],
  huge_declared: [502, 'upstream_protocol_error', 502],
  gzip_bomb: [502, 'upstream_protocol_error', 502],
  brotli: [502, 'upstream_protocol_error', 502],
  layers: [502, 'upstream_protocol_error', 502],
  deep: [502, 'upstream_protocol_error', 502],
  deep_objects: [502, 'upstream_protocol_error', 502],
  garbage: [502, 'upstream_protocol_error', 502],
  bad_utf8: [502, 'upstream_protocol_error', 502],
  empty: [502, 'upstream_protocol_error', 502],
  html: [502, 'upstream_protocol_error', 502],
  wrong_id: [502, 'upstream_protocol_error', 502],
  no_id: [502, 'upstream_protocol_error', 502],
  null_id: [502, 'upstream_protocol_error', 502],
  number_id: [502, 'upstream_protocol_error', 502],
  duplicate_id: [502, 'upstream_protocol_error', 502],
  result_and_error: [502, 'upstream_protocol_error', 502],
  neither: [502, 'upstream_protocol_error', 502],
  array: [502, 'upstream_protocol_error', 502],
  redirect_same: [502, 'upstream_protocol_error', 502],
  redirect_cross: [502, 'upstream_protocol_error', 502],
  status_401: [502, 'transport', 502],
  status_403: [502, 'transport', 502],
  status_429_seconds: [503, 'transport', 503],
  status_429_date: [503, 'transport', 503],
  status_429_absurd: [503, 'transport', 503],
  status_429_negative: [503, 'transport', 503],
  status_429_words: [503, 'transport', 503],
  status_500: [502, 'transport', 502],
  status_503: [502, 'transport', 502],
  status_503_retry: [503, 'transport', 503],
  status_202: [502, 'transport', 502],
  reset_before: [502, 'transport', 502],
  reset_after: [502, 'transport', 502],
  truncated: [502, 'transport', 502],
  not_http: [502, 'upstream_protocol_error', 502],
  session_always: [502, 'transport', 502],
};

const title = '[edge 11][edge 33][edge 35][edge 38] (%s) fails the call and nothing else';
const wrong = Object.entries(expected) as [FaultName, [number, string, number]][];
const isLate = ([, [code]]: (typeof wrong)[number]): boolean => code === 504;

describe('an upstream that answers wrongly', () => {
  const failsTheCall = async (
    fault: FaultName,
    [code, outcome, status]: readonly [number, string, number],
  ): Promise<void> => {
    const { answer, row, ms } = await strike(fault);
    expect(answer.status).toBe(200);
    expect(answer.message).toMatchObject({ jsonrpc: '2.0', id: `id-${fault}`, error: { code } });
    expect(answer.message.error?.message).toContain(`'${slug(fault)}'`);
    expect(answer.message.result).toBeUndefined();
    clean(answer);
    expect(row).toMatchObject({ outcome, status, dispatched: 1, tool_name: hostileTool });
    expect(row.error_code).toMatch(/^[a-z_]+$/);
    expect(ms).toBeLessThan(deadlineMs + 1_500);
    expect(hostile.calls(fault)).toBe(fault === 'session_always' ? 2 : 1);
    expect((await product.call('healthy')).message.error).toBeUndefined();
  };

  it.each(wrong.filter((each) => !isLate(each)))(title, failsTheCall);
  // Together: each takes until its deadline.
  it.concurrent.each(wrong.filter(isLate))(title, failsTheCall);

  it('keeps memory bounded all the while', () => {
    expect(process.memoryUsage().rss).toBeLessThan(900 * 1024 * 1024);
  });
});

describe('an upstream that recovers', () => {
  it('(asks_after_answer) is not heard after its answer', async () => {
    const { answer, row } = await strike('asks_after_answer');
    expect(answer.message.result?.['content']).toEqual([{ type: 'text', text: 'fine' }]);
    expect(row.outcome).toBe('ok');
    clean(answer);
  });

  it('[edge 30] (session_once) gets its session anew once, and the caller does not notice', async () => {
    const { answer, row } = await strike('session_once');
    expect(answer.message.result?.['content']).toEqual([{ type: 'text', text: 'fine' }]);
    expect(row.outcome).toBe('ok');
    // One for the gateway's own list, one for the caller, one in place of that.
    expect(hostile.handshakes('session_once')).toBe(3);
  });

  it('[edge 30] is asked for one new session by fifty callers who lost it together, and for each call once', async () => {
    await using upstream = await startEchoUpstream({ tools: ['many'], sessions: true });
    await product.addServer({ slug: 'many', url: upstream.url });
    expect((await product.call('many', {}, { server: 'many' })).message.error).toBeUndefined();
    const opened = (): number => upstream.seen.filter((request) => request.method === 'initialize').length;
    const before = opened();
    upstream.expireSessions();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => product.call('many', { i }, { server: 'many' })),
    );
    for (const [i, { message }] of answers.entries()) {
      expect(JSON.stringify(message.result?.['structuredContent'])).toContain(`"arguments":{"i":${i}}`);
    }
    expect(opened()).toBe(before + 1);
    await remove('many');
  });

  it('(flapping) answers as soon as it can again', async () => {
    await product.addServer({ slug: 'flapping', url: hostile.url('flapping') });
    const outcomes: boolean[] = [];
    for (let i = 0; i < 4; i++) {
      const { message } = await product.call(hostileTool, {}, { server: 'flapping' });
      outcomes.push(message.error === undefined);
    }
    expect(outcomes).toEqual([false, true, false, true]);
    await remove('flapping');
  });
});

describe('connections that are kept', () => {
  it.each(['close_race', 'poison'] as const)('(%s) never give one caller what was meant for another', async (fault) => {
    await product.addServer({ slug: slug(fault), url: hostile.url(fault) });
    for (let round = 0; round < 125; round++) {
      const answers = await Promise.all(
        Array.from({ length: 4 }, (_, i) =>
          product.rpc(
            { jsonrpc: '2.0', id: `${round}-${i}`, method: 'tools/call', params: { name: hostileTool } },
            { server: slug(fault) },
          ),
        ),
      );
      for (const [i, answer] of answers.entries()) {
        expect(answer.message.id).toBe(`${round}-${i}`);
        clean(answer);
      }
    }
    await remove(fault);
  });

  it('[edge 34] (leaky_headers) pass no header of the upstream on', async () => {
    const { answer } = await strike('leaky_headers');
    expect(answer.message.result?.['content']).toEqual([{ type: 'text', text: 'fine' }]);
    clean(answer);
    for (const name of [
      'set-cookie',
      'server',
      'x-powered-by',
      'www-authenticate',
      'access-control-allow-origin',
      'mcp-session-id',
    ]) {
      expect(answer.headers[name], name).toBeUndefined();
    }
  });
});

describe('an upstream that asks for patience', () => {
  it('is left alone for the time it asked for, within reason', async () => {
    await product.addServer({ slug: 'patience', url: hostile.url('status_429_seconds') });
    const calls = hostile.calls('status_429_seconds');
    const first = await product.call(hostileTool, {}, { server: 'patience' });
    expect(first.message.error).toMatchObject({ code: 503, data: { retryAfterMs: 2_000 } });
    expect(first.headers['retry-after']).toBe('2');
    const second = await product.call(hostileTool, {}, { server: 'patience' });
    expect(second.message.error?.code).toBe(503);
    expect(second.message.error?.data?.['retryAfterMs']).toBeLessThanOrEqual(2_000);
    expect(hostile.calls('status_429_seconds')).toBe(calls + 1);
    await remove('patience');
  });

  it('cannot ask for more than five minutes', async () => {
    await product.addServer({ slug: 'absurd', url: hostile.url('status_429_absurd') });
    const { message } = await product.call(hostileTool, {}, { server: 'absurd' });
    expect(message.error?.data?.['retryAfterMs']).toBeLessThanOrEqual(300_000);
    await remove('absurd');
  });

  it('is left alone after five failures in a row, so that callers fail fast', async () => {
    await product.addServer({ slug: 'broken', url: hostile.url('reset_before') });
    const codes: (number | undefined)[] = [];
    for (let i = 0; i < 8; i++)
      codes.push((await product.call(hostileTool, {}, { server: 'broken' })).message.error?.code);
    expect(codes.slice(0, 5)).toEqual([502, 502, 502, 502, 502]);
    expect(codes.slice(5)).toEqual([503, 503, 503]);
    const rows = (await product.calls()).filter((row) => row.server_slug === 'broken');
    expect(rows.slice(5).map((row) => [row.error_code, row.dispatched])).toEqual([
      ['breaker_open', 0],
      ['breaker_open', 0],
      ['breaker_open', 0],
    ]);
    await remove('broken');
  });
});

describe('an upstream that is hostile from the first byte', () => {
  // Together: some take until the gateway's patience ends.
  it.concurrent.each(
    Object.keys(faults).filter(
      (name) => !['close_race', 'leaky_headers', 'session_once', 'flapping', 'poison'].includes(name),
    ) as FaultName[],
  )(
    '(%s) yields an error and no list',
    async (fault) => {
      await product.addServer({ slug: `all-${slug(fault)}`, url: hostile.urlAlways(fault) });
      const answer = await product.rpc(
        { jsonrpc: '2.0', id: 5, method: 'tools/list' },
        { server: `all-${slug(fault)}` },
      );
      expect(answer.message.id).toBe(5);
      expect(answer.message.result).toBeUndefined();
      expect(answer.message.error?.code).toBe(502);
      clean(answer);
      await remove(`all-${fault}`);
    },
    15_000,
  );

  it('[edge 56] is named as missing while the others are served', async () => {
    await product.addServer({ slug: 'dead', url: 'http://127.0.0.1:9/mcp' });
    const started = performance.now();
    const { message } = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect(performance.now() - started).toBeLessThan(3_500);
    expect((message.result?.['tools'] as { name: string }[]).map((tool) => tool.name)).toEqual(['healthy']);
    expect(JSON.stringify(message.result?.['_meta'])).toContain('dead');
    await remove('dead');
  });

  it('[edge 56] cannot hold the list of the others up when it accepts and says nothing', async () => {
    await using silent = await startSilentUpstream();
    await product.addServer({ slug: 'silent', url: silent.url });
    const started = performance.now();
    expect(await product.toolNames()).toEqual(['healthy']);
    expect(performance.now() - started).toBeLessThan(3_500);
    await remove('silent');
  });
});

describe('TLS', () => {
  it.each(certificateKinds)('refuses a certificate it has no reason to trust (%s)', async (kind) => {
    await using tls = await startHostileTls();
    await product.addServer({ slug: `tls-${slug(kind)}`, url: tls.url(kind) });
    const answer = await product.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { server: `tls-${slug(kind)}` });
    expect(answer.message.error?.code).toBe(502);
    expect(tls.requests(kind)).toBe(0);
    const params = { workspace: product.workspace, server: `tls-${slug(kind)}` };
    await expect.poll(async () => (await product.client.servers.health({ params })).lastErrorClass).toBe('tls');
    await product.client.servers.remove({ params });
  });
});

describe('what was said by a hostile upstream', () => {
  it('is nowhere on disk', async () => {
    await product.calls();
    const files = readdirSync(product.dataDir, { recursive: true, encoding: 'utf8' }).map((name) =>
      join(product.dataDir, name),
    );
    for (const file of files.filter((name) => statSync(name).isFile()))
      expect(readFileSync(file).includes(leak), file).toBe(false);
  });
});
