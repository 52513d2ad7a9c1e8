import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway } from '../../packages/server/src/gateway/app.ts';
import { systemClock, type Clock } from '../../packages/server/src/platform/clock.ts';
import { createDialer } from '../../packages/server/src/platform/dialer.ts';
import { createHttpServer } from '../../packages/server/src/platform/http1/server.ts';
import { openJournal } from '../../packages/server/src/platform/journal/journal.ts';
import { createLog } from '../../packages/server/src/platform/log.ts';
import { journalLines } from '../books.ts';
import { bootstrapData, openParts, spawnProduct, startProduct, until, type ProductData } from '../harness.ts';
import { send } from '../http.ts';
import { startEchoUpstream, type EchoUpstream } from '../upstreams/echo.ts';
import { listen } from '../upstreams/listen.ts';

const stack = new AsyncDisposableStack();
let data: ProductData;
let upstream: EchoUpstream;

beforeAll(async () => {
  upstream = stack.use(await startEchoUpstream());
  data = stack.use(await bootstrapData());
  await using product = await startProduct({ data });
  await product.addServer({ slug: 'echo', url: upstream.url });
  expect((await product.call('echo')).message.error).toBeUndefined();
});
afterAll(() => stack.disposeAsync());

const injected = 'injected-fault-51c0';

/** Counts the uses of some parts of the product and makes one of them fail. */
function saboteur() {
  let used: string[] = [];
  let failAt = -1;
  const guard = <T extends object>(name: string, part: T): T =>
    new Proxy(part, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          used.push(`${name}.${String(key)}`);
          if (used.length - 1 === failAt) throw new Error(injected);
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  return {
    guard,
    /** From now on count from nought and fail at this use; -1 never fails. */
    arm(at: number): void {
      used = [];
      failAt = at;
    },
    used: (): readonly string[] => used,
  };
}

describe('an exception anywhere between the credential and the upstream', () => {
  it('is an answer that refuses, and no call leaves without its record', async () => {
    const sabotage = saboteur();
    const log = createLog('silent');
    await using parts = await openParts(data.dir);
    const journalDir = join(data.dir, 'sabotaged-journal');
    await using journal = await openJournal({
      dir: journalDir,
      nodeId: 'sabotage',
      clock: systemClock,
      log,
      macKey: parts.vault.deriveKey('journal'),
    });
    const clock: Clock = sabotage.guard('clock', systemClock);
    await using gateway = createGateway({
      noteEvent: () => undefined,
      db: parts.database.db,
      bus: parts.bus,
      vault: sabotage.guard('vault', parts.vault),
      clock,
      log,
      journal: sabotage.guard('journal', journal),
      dialer: createDialer(),
      allowedHosts: new Set(['127.0.0.1']),
      allowedOrigins: new Set(),
    });
    await gateway.start();
    await using server = await listen(createHttpServer(gateway.handle));
    const call = () =>
      send(`${server.origin}/api/gw/${data.workspace}`, {
        headers: { authorization: `Bearer ${data.workspaceToken}`, 'content-type': 'application/json' },
        body: '{"jsonrpc":"2.0","id":"mine","method":"tools/call","params":{"name":"echo","arguments":{"a":1}}}',
      });
    expect((await call()).message.error).toBeUndefined();
    sabotage.arm(-1);
    expect((await call()).message.error).toBeUndefined();
    const uses = sabotage.used();
    expect(uses).toContain('journal.intent');
    expect(uses.length).toBeGreaterThan(5);

    let refusedBefore = 0;
    // The first use takes the time of arrival, before anything is decided.
    for (let at = 1; at < uses.length + 2; at++) {
      const before = upstream.calls().length;
      const intents = journalLines(data.dir, 'sabotaged-journal').filter((line) => line.kind === 'intent').length;
      sabotage.arm(at);
      const answer = await Promise.race([call().catch(() => undefined), sleep(2_000, 'hangs' as const)]);
      expect(answer, `${at}: ${uses[at]}`).not.toBe('hangs');
      if (answer === 'hangs') continue;
      sabotage.arm(-1);
      const saw = upstream.calls().length - before;
      await journal.flush();
      const written =
        journalLines(data.dir, 'sabotaged-journal').filter((line) => line.kind === 'intent').length - intents;
      const where = `${at}: ${uses[at] ?? 'past the end'}`;
      expect(saw, where).toBeLessThanOrEqual(Math.min(1, written));
      if (answer === undefined) continue;
      expect(answer.text, where).not.toContain(injected);
      if (answer.message.result !== undefined) continue;
      refusedBefore += saw === 0 ? 1 : 0;
      expect([401, 403, 500, 503], where).toContain(answer.status);
      expect(answer.message.error, where).toBeDefined();
    }
    expect(refusedBefore).toBeGreaterThan(2);
    expect((await call()).message.error).toBeUndefined();
  }, 30_000);
});

describe.runIf(process.getuid?.() === 0)('a journal without room', () => {
  it('[AUD-04] stops calls in a strict workspace, not in an available one, and recovers by itself', async () => {
    using full = await bootstrapData();
    const journalDir = join(full.dir, 'journal');
    mkdirSync(journalDir, { mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k,mode=0700', 'tmpfs', journalDir]);
    try {
      await using product = await spawnProduct({ data: full });
      await product.addServer({ slug: 'echo', url: upstream.url });
      expect((await product.call('echo')).status).toBe(200);
      const params = { workspace: product.workspace };
      await product.client.workspaces.update({ params, body: { settings: { auditMode: 'strict' } } });
      await until(
        'strict mode is in force',
        async () => (await product.client.workspaces.show({ params })).settings.auditMode === 'strict',
      );
      expect((await product.call('echo')).status).toBe(200);

      const filler = join(journalDir, 'filler');
      fill(filler);
      let refused = 0;
      await until(
        'the journal is full',
        async () => {
          const before = upstream.calls().length;
          const answer = await product.call('echo');
          if (answer.status !== 503) return false;
          expect(upstream.calls().length).toBe(before);
          expect(answer.message.error?.message).toMatch(/audit/i);
          return ++refused === 3;
        },
        10_000,
      );
      expect((await send(`${product.url}/readyz`, { method: 'GET' })).status).toBe(503);

      await product.client.workspaces.update({ params, body: { settings: { auditMode: 'available' } } });
      await until('calls go on in an available workspace', async () => (await product.call('echo')).status === 200);

      rmSync(filler);
      await product.client.workspaces.update({ params, body: { settings: { auditMode: 'strict' } } });
      await until('the journal works again', async () => (await product.call('echo')).status === 200, 15_000);
      expect(journalLines(full.dir).some((line) => line.kind === 'gap')).toBe(true);
    } finally {
      execFileSync('umount', ['-l', journalDir]);
    }
  }, 60_000);
});

/** Use up what is left of a small file system. */
function fill(file: string): void {
  for (let size = 64 * 1024; size >= 512;) {
    try {
      writeFileSync(file, Buffer.alloc(size, 120), { flag: 'a' });
    } catch {
      size /= 2;
    }
  }
}
