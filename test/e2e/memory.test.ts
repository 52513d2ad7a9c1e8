import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnProduct, timeCalls, until, type SpawnedProduct } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';
import { deafReaders, rawPost } from '../upstreams/hostile-client.ts';
import { hostileTool, startHostileUpstream, type FaultName, type HostileUpstream } from '../upstreams/hostile.ts';
import { startHostileTls, type CertificateKind } from '../upstreams/hostile-tls.ts';

const stack = new AsyncDisposableStack();
let product: SpawnedProduct;
let hostile: HostileUpstream;

beforeAll(async () => {
  product = stack.use(await spawnProduct());
  hostile = stack.use(await startHostileUpstream());
});
afterAll(() => stack.disposeAsync());

/** Largest resident size the process has had, in MB. */
const peakMb = (of: SpawnedProduct = product): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${of.child.pid}/status`, 'utf8'))![1]) / 1024;

describe.runIf(process.platform === 'linux')('memory', () => {
  it('stays under 512 MB with answers of every monstrous kind at once', async () => {
    const kinds: FaultName[] = [
      'huge',
      'sse_flood',
      'gzip_bomb',
      'huge_declared',
      'deep',
      'deep_objects',
      'layers',
      'endless_sse',
      'specks',
      'sse_specks',
    ];
    for (const fault of kinds) {
      const slug = fault.replaceAll('_', '-');
      await product.addServer({ slug, url: hostile.url(fault), limits: { deadlineMs: 4_000 } });
      expect(await product.toolNames({ server: slug })).toEqual([hostileTool]);
    }
    const calls = Array.from({ length: 64 }, (_, i) =>
      product.call(hostileTool, {}, { server: kinds[i % kinds.length]!.replaceAll('_', '-') }),
    );
    for (const { message } of await Promise.all(calls)) expect(message.error?.code).toBeGreaterThan(500);
    expect(peakMb()).toBeLessThan(512);
  }, 60_000);

  it('[edge 38] stays under 512 MB with large requests and large answers', async () => {
    const answer = `{"content":[{"type":"text","text":"${'x'.repeat(8 * 1024 * 1024)}"}]}`;
    await using large = await startEchoUpstream({ tools: ['large'], result: () => answer });
    await product.addServer({ slug: 'large', url: large.url });
    const argument = 'y'.repeat(900_000);
    const calls = Array.from({ length: 24 }, () => product.call('large', { argument }, { server: 'large' }));
    const answers = await Promise.all(calls);
    expect(answers.some(({ message }) => message.error === undefined)).toBe(true);
    for (const { message } of answers) if (message.error !== undefined) expect(message.error.code).toBe(503);
    expect(peakMb()).toBeLessThan(512);
  }, 60_000);
});

describe.runIf(process.platform === 'linux')('clients that do not read what they asked for', () => {
  it.each(['application/json', 'text/event-stream'])(
    '[edge 38] cost little memory and hold nobody up (%s)',
    async (accept) => {
      const answer = `{"content":[{"type":"text","text":"${'x'.repeat(4 * 1024 * 1024)}"}]}`;
      await using fresh = await spawnProduct();
      await using large = await startEchoUpstream({ tools: ['large'], result: () => answer });
      await using small = await startEchoUpstream({ tools: ['small'] });
      await fresh.addServer({ slug: 'large', url: large.url });
      await fresh.addServer({ slug: 'small', url: small.url });
      const alone = await timeCalls(fresh, 'small');
      const path = new URL(fresh.gateway()).pathname;
      const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"large","arguments":{}}}';
      const auth = [
        `Authorization: Bearer ${fresh.workspaceToken}`,
        `Content-Length: ${body.length}`,
        `Accept: ${accept}`,
      ];
      await using deaf = await deafReaders(fresh.port, 120, rawPost(path, body, auth));
      await until('the calls are under way', () => Promise.resolve(large.calls().length > 20), 10_000);
      await sleep(1_500);
      expect(deaf.open()).toBeGreaterThan(0);
      expect(await timeCalls(fresh, 'small')).toBeLessThan(1_500 + 8 * alone);
      expect(peakMb(fresh)).toBeLessThan(512);
    },
    60_000,
  );
});

describe('TLS with an authority the operator trusts', () => {
  it('takes the right certificate and no other', async () => {
    await using tls = await startHostileTls();
    await using trusting = await spawnProduct({ env: { NODE_EXTRA_CA_CERTS: tls.authorityFile } });
    const kinds: CertificateKind[] = ['good', 'expired', 'self_signed', 'wrong_name'];
    for (const kind of kinds) {
      const slug = kind.replace('_', '-');
      await trusting.addServer({ slug, url: tls.url(kind) });
      await trusting.rpc({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { server: slug });
    }
    expect(tls.requests('good')).toBeGreaterThan(0);
    expect(kinds.slice(1).map((kind) => tls.requests(kind))).toEqual([0, 0, 0]);
  }, 30_000);
});
