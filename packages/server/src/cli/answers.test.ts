import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildControl } from '../build.ts';
import { loadConfig } from '../config/config.ts';
import { callRow } from '../control/call-row.contract.ts';
import { countSeed } from '../control/records/seed.contract.ts';
import { newId } from '../domain/ids.ts';
import { csv } from './csv.ts';
import type { Io } from './io.ts';
import { run } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'mcpnest-answers-'));
const environment = { MCPNEST_DATA_DIR: join(dir, 'data') };
let call: string;

async function mcpnest(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const io: Io = {
    environment,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readInput: async () => '',
    interactive: false,
    ask: async () => '',
    askSecret: async () => '',
    streams: () => ({ input: Readable.from([]), output: new PassThrough(), signal: AbortSignal.abort() }),
  };
  return { code: await run(args, io), out, err };
}

beforeAll(async () => {
  await mcpnest('bootstrap', '--workspace', 'acme', '--email', 'ada@example.com');
  await mcpnest('server', 'add', 'GitHub', '--url', 'https://github.example.com/mcp', '--label', 'prod');
  await mcpnest('token', 'issue', '--member', 'ada@example.com', '--label', 'laptop');
  const { config, secrets } = loadConfig(environment);
  await using control = await buildControl(config, secrets);
  const { db } = control.deps.database;
  const token = await db
    .selectFrom('gateway_tokens')
    .selectAll()
    .where('label', '=', 'laptop')
    .executeTakeFirstOrThrow();
  call = newId(Date.UTC(2026, 10, 21));
  const row = { id: call, workspace_id: token.workspace_id, token_id: token.id, member_id: token.member_id };
  await db
    .insertInto('mcp_tool_calls')
    .values(
      callRow(Date.UTC(2026, 10, 21, 11), {
        ...row,
        tool_name: 'list_issues',
        client_name: 'cursor',
        bytes_in: 100,
        bytes_out: 200,
      }),
    )
    .execute();
  await countSeed(db);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const of = ['--from', '2026-11-21T00:00:00Z', '--to', '2026-11-21T23:00:00Z'];

it.each([
  [['calls', 'list', '--member', 'ada@example.com', '--failed'], /\(none\)/],
  [
    ['calls', 'list', '--tool-prefix', 'list_', '--order', 'oldest', '--client', 'cursor'],
    /github +tools\/call +list_issues/,
  ],
  [['calls', 'facets', '--by', 'member,tool'], /MEMBER +CALLS\nada@example\.com +1\n\nTOOL +CALLS\nlist_issues +1/],
  [
    ['audit', 'timeline', '--member', 'ada@example.com'],
    /member:ada@example\.com: 1 calls[^]*laptop[^]*1 calls in this hour/,
  ],
  [['audit', 'timeline', '--server', 'github', '--tool', 'list_issues'], /tool:github:list_issues: 1 calls/],
  [['audit', 'stats', '--by', 'tool'], /github +list_issues +1 +1 +0/],
  [['audit', 'usage', '--by', 'member'], /2026-11 +ada@example\.com +1/],
  [
    ['audit', 'usage', '--csv', '--per', 'day'],
    /^period,member,calls,failed,denied,bytes in,bytes out\r\n2026-11-21,ada@example\.com,1,0,0,100,200\r\n$/,
  ],
  [['overview', '--hours', '1'], /orphaned +github: it has neither owner nor maintainer/],
  [['audit', 'series', '--per', 'day', ...of], /2026-11-2[01][^\n]* 1 +1 +0/],
  [['audit', 'heat', ...of], /^DAY +0H[^]*\nSat[^\n]* 1 /],
  [['audit', 'dependencies', ...of], /member:ada@example\.com +github +1 +0 +0/],
  [['server', 'health-history', 'github', '--bars', '2'], /unknown/],
  [['server', 'list', '--as', 'ada@example.com'], /github/],
  [['access', 'tools', '--member', 'ada@example.com'], /^member:ada@example\.com/],
  [['access', 'matrix'], /WHO +GITHUB\nmember:ada@example\.com +1 of 1/],
  [['search', 'git'], /server +GitHub +github/],
  [['impact', 'server', 'github'], /name: +GitHub/],
  [['audit', 'seal'], /none yet/],
  [['servers', 'inventory', '--label', 'prod', '--csv'], /^server,state,owner[^]*\r\ngithub,unknown,,,none,prod,/],
])('[AUD-10][VIS-02][VIS-05] answers mcpnest %j', async (args, text) => {
  const { code, out } = await mcpnest(...args);
  expect([code, out]).toEqual([0, expect.stringMatching(text)]);
  const csvless = args.filter((arg) => arg !== '--csv');
  expect(JSON.parse((await mcpnest(...csvless, '--json')).out)).toBeTypeOf('object');
});

it('[AUD-09] shows the way of a call, and says what is missing where a question is not one', async () => {
  expect((await mcpnest('audit', 'path', call)).out).toMatch(/caller +member:ada@example\.com called list_issues/);
  expect((await mcpnest('audit', 'path', newId(0))).code).toBe(4);
  expect(await mcpnest('audit', 'timeline')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--member') as string,
  });
  expect((await mcpnest('audit', 'timeline', '--member', 'x@example.com')).code).toBe(2);
});

it('[AUD-06] writes CSV that a spreadsheet reads as text, never as a formula', () => {
  const rows = ['=1+1', '+x', '-x', '@x', -5, 'a"b', 'a,b', 'a\r\nb'].map((text) => ({ text }));
  expect(csv(rows, { text: (row) => row.text })).toBe(
    `text\r\n'=1+1\r\n'+x\r\n'-x\r\n'@x\r\n-5\r\n"a""b"\r\n"a,b"\r\n"a\r\nb"\r\n`,
  );
});
