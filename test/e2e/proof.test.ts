import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqlite } from '../../packages/server/src/platform/database/sqlite.ts';
import { mcpnest, type Ran } from '../cli.ts';
import { bootstrapData, startProduct, until, type Product, type ProductData } from '../harness.ts';
import { checkBundle, checkInclusion } from '../proof-check.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

let data: ProductData;
let dir: string;
let away: Record<string, string>;
let here: Record<string, string>;
let callId: string;
let published: string;

const args = (text: string): string[] => text.split(' ');
const offline = (text: string): Promise<Ran> => mcpnest(args(text), { PATH: '' });

/** A server that made calls, was told where to publish, and has stopped. */
beforeAll(async () => {
  data = await bootstrapData();
  dir = mkdtempSync(join(tmpdir(), 'mcpnest-proof-'));
  published = join(dir, 'published');
  mkdirSync(published);
  here = { MCPNEST_DATA_DIR: data.dir };
  await using upstream = await startEchoUpstream({ era: 'both', tools: ['look'] });
  {
    await using product: Product = await startProduct({ data });
    away = { MCPNEST_URL: product.url, MCPNEST_API_KEY: product.apiKey };
    await product.addServer({ slug: 'box', url: upstream.url });
    const target = await mcpnest(args(`audit target add folder ${published} --name share`), away);
    expect(target).toMatchObject({ code: 0 });
    for (let i = 0; i < 20; i++) await product.call('look', { secret: `value-${i}` });
    callId = (await product.calls()).at(-1)!.id;
    // Under a checkpoint at once, because somebody asks for it.
    const proved = await mcpnest(args(`audit prove ${callId} --out ${dir}/proof.json`), away);
    expect([proved.err, proved.code]).toEqual(['', 0]);
    const bundled = await mcpnest(args(`audit bundle --out ${dir}/first.bundle`), away);
    expect(bundled).toMatchObject({ code: 0, err: expect.stringContaining('audit verify') as string });
    await until('a checkpoint is published', () => Promise.resolve(readdirSync(published).length > 0));
    expect(await mcpnest(args('audit key rotate --yes'), away)).toMatchObject({ code: 0 });
    const status = await mcpnest(args('audit status --json'), away);
    expect(JSON.parse(status.out)).toMatchObject({
      sealing: { ok: true, damage: null },
      targets: [{ lastError: null }],
    });
    for (let i = 0; i < 20; i++) await product.call('look', { secret: `value-${i}` });
  }
  // A stop signs what came last; the data folder alone is enough to export it.
  expect(await mcpnest(args(`audit bundle --out ${dir}/second.bundle`), here)).toMatchObject({ code: 0 });
}, 60_000);
afterAll(() => {
  data[Symbol.dispose]();
  rmSync(dir, { recursive: true });
});

const checkpointsOf = (log: RegExp): string[] =>
  readdirSync(published)
    .filter((name) => log.test(name))
    .sort()
    .map((name) => join(published, name));

/** Its leaf: events come among the calls when they come. */
const firstOutcome = (): number =>
  readFileSync(`${dir}/second.bundle`, 'latin1')
    .split('\n')
    .filter((line) => line.startsWith('{"v":'))
    .findIndex((line) => line.includes('"outcome":"ok"'));

describe('what was recorded', () => {
  it('[NEW-03][REG-12] is proven call by call, offline, to two checkers', async () => {
    const ran = await offline(`audit verify ${dir}/proof.json --json`);
    expect([ran.code, JSON.parse(ran.out)]).toMatchObject([0, { ok: true, callId }]);
    const text = readFileSync(`${dir}/proof.json`, 'utf8');
    expect(() => checkInclusion(text)).not.toThrow();
    expect(text).not.toContain('value-');
    writeFileSync(`${dir}/forged.json`, text.replace('look', 'lock'));
    expect(await offline(`audit verify ${dir}/forged.json`)).toMatchObject({
      code: 1,
      out: expect.stringContaining('BAD') as string,
    });
  });

  it('[NEW-03][AUD-06] is exported and verified offline, across the rotation, against what was published', async () => {
    const [checkpoint] = checkpointsOf(/_[0-9a-f]{8}-/);
    const key = JSON.parse((await mcpnest(args('audit key list --json'), here)).out) as {
      items: { publicKey: string }[];
    };
    const ran = await offline(
      `audit verify ${dir}/second.bundle --checkpoint ${checkpoint} --key ${key.items[0]!.publicKey} --json`,
    );
    const report = JSON.parse(ran.out) as { ok: boolean; logs: { records: number }[] };
    expect([ran.code, report]).toMatchObject([0, { ok: true, keys: { pinned: true } }]);
    const bytes = readFileSync(`${dir}/second.bundle`);
    expect(checkBundle(bytes)).toBe(report.logs[0]!.records);
    expect(bytes.toString()).not.toContain('value-');
    const first = await offline(`audit verify ${dir}/first.bundle --checkpoint ${checkpoint}`);
    expect(first.code).toBe(0);
    const changed = bytes.toString('latin1').replace('"outcome":"ok"', '"outcome":"no"');
    writeFileSync(`${dir}/changed.bundle`, changed, 'latin1');
    const bad = await offline(`audit verify ${dir}/changed.bundle --json`);
    expect([bad.code, JSON.parse(bad.out)]).toMatchObject([1, { ok: false, firstBad: { leaf: firstOutcome() } }]);
    expect((await offline(`audit verify ${dir}/nothing`)).code).toBe(2);
    expect((await offline(`audit verify ${dir}/second.bundle --key nonsense`)).code).toBe(2);
    const part = await mcpnest(args(`audit bundle --out ${dir}/part.bundle --from 2020-01-01 --to 2020-01-02`), here);
    expect([part.code, (await offline(`audit verify ${dir}/part.bundle`)).code]).toEqual([0, 0]);
  });

  it('[NEW-03] is checked where it lies, and what was changed there is named', async () => {
    expect(await mcpnest(['audit', 'verify'], here)).toMatchObject({
      code: 0,
      out: expect.stringContaining('good') as string,
    });
    const copy = join(dir, 'copy');
    cpSync(data.dir, copy, { recursive: true });
    const log = readdirSync(join(copy, 'proof')).find((name) => /^[0-9a-f]{8}-/.test(name))!;
    const records = join(copy, 'proof', log, 'records');
    const day = join(records, readdirSync(records)[0]!);
    writeFileSync(day, readFileSync(day, 'latin1').replace('"outcome":"ok"', '"outcome":"no"'), 'latin1');
    const ran = await mcpnest(['audit', 'verify', '--json'], { MCPNEST_DATA_DIR: copy });
    expect([ran.code, JSON.parse(ran.out)]).toMatchObject([1, { firstBad: { leaf: firstOutcome() } }]);
  });

  it('[AUD-03][NEW-03] shows a row of the database that is not what was recorded', async () => {
    const good = await mcpnest(args('audit verify --rows --json'), here);
    const rows = { faults: 0, waiting: 0 };
    expect([good.code, JSON.parse(good.out)]).toMatchObject([0, { ok: true, rows: { ...rows, calls: 40 } }]);
    expect((await mcpnest(args('audit verify --rows'), here)).out).toContain('0 NOT as recorded');
    const copy = join(dir, 'rows');
    cpSync(data.dir, copy, { recursive: true });
    await using database = openSqlite(join(copy, 'mcpnest.db'));
    await database.db.updateTable('mcp_tool_calls').set({ tool_name: 'other' }).where('id', '=', callId).execute();
    const [event] = await database.db
      .selectFrom('audit_events')
      .select('id')
      .where('action', '=', 'proofKeys.rotate')
      .execute();
    await database.db.deleteFrom('audit_events').where('id', '=', event!.id).execute();
    const bad = await mcpnest(args('audit verify --rows --json'), { MCPNEST_DATA_DIR: copy });
    expect([bad.code, JSON.parse(bad.out)]).toMatchObject([1, { ok: false, rows: { faults: 2 } }]);
    expect(bad.out).toContain('the row was changed: tool_name');
    expect(bad.out).toContain(event!.id);
    expect((await offline(`audit verify ${dir}/second.bundle --rows`)).code).toBe(2);
  });

  it('[NEW-03] says of a file whose keys nobody knows that they were not checked, and what part of which log it is', async () => {
    const { out } = await offline(`audit verify ${dir}/part.bundle`);
    expect(out).toMatch(/logs:\s+mcpnest\/[\w-]+\/[\w-]+, 0 to 0 of \d+/);
    expect(out).toContain('NOT CHECKED');
    for (const bytes of [Buffer.alloc(20_000_000, '['), Buffer.from([0x1f, 0x8b, 8, 0, 0]), Buffer.alloc(0)]) {
      writeFileSync(`${dir}/hostile`, bytes);
      const ran = await offline(`audit verify ${dir}/hostile`);
      expect([ran.code, ran.err]).not.toEqual([0, '']);
      expect(ran.err).toMatch(/too long to be|not a proof/);
    }
  });

  it('[NEW-03] outlives the key in no place but the data folder, sealed', async () => {
    expect(existsSync(join(data.dir, 'proof-key'))).toBe(true);
    expect(readFileSync(join(data.dir, 'proof-key'), 'utf8')).not.toContain('MC4CAQAwBQYDK2Vw');
    expect(readFileSync(join(data.dir, 'mcpnest.db')).includes('MC4CAQAwBQYDK2Vw')).toBe(false);
  });
});
