import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ByteStream } from '@mcpnest/contract/operation';
import { cursorHeader } from '@mcpnest/contract/schemas/handover';
import { sql } from 'kysely';
import { unzip } from '../../../../../test/unzip.ts';
import { isoTime } from '../../platform/clock.ts';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';
import { addCalls } from './call-rows.contract.ts';

let kit: Kit;
let workspaceId: string;
beforeEach(async () => {
  kit = await startKit();
  workspaceId = (await kit.snapshot('acme')).workspace.id;
});
afterEach(() => kit[Symbol.asyncDispose]());

const params = { workspace: 'acme' };
const start = Date.UTC(2026, 10, 21, 12);
type Line = Record<string, unknown>;

async function bytes({ body }: ByteStream): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}
const lines = async (stream: ByteStream): Promise<Line[]> =>
  (await bytes(stream))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

describe('an export', () => {
  it('[AUD-06] has every call and change of its workspace once, in the order of each node, with every column', async () => {
    await kit.owner.workspaces.create({ body: { name: 'Other' } });
    await addCalls(kit.database.db, { workspaceId, count: 450, node: 'b' });
    await addCalls(kit.database.db, { workspaceId, count: 3, node: 'a' });
    await addCalls(kit.database.db, { workspaceId: 'elsewhere', count: 5, node: 'a', firstSeq: 100 });
    await kit.owner.servers.create({ params, body: { name: 'one', url: 'https://one.example.com/mcp' } });
    kit.advance(10_000);
    const read = await lines(await kit.owner.handover.export({ params, query: {} }));
    const calls = read.filter((line) => line['kind'] === 'call');
    expect(calls.map((line) => [line['node'], line['endSeq']])).toEqual([
      ...[1, 2, 3].map((seq) => ['a', seq]),
      ...Array.from({ length: 450 }, (_, index) => ['b', index + 1]),
    ]);
    expect(new Set(calls.map((line) => line['eventId'])).size).toBe(453);
    expect(calls[0]).toMatchObject({ eventId: `a/1/1/${String(calls[0]!['id'])}`, dispatched: true, workspaceId });
    const row = await kit.database.db.selectFrom('mcp_tool_calls').selectAll().executeTakeFirstOrThrow();
    const camel = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    expect(Object.keys(calls[0]!)).toEqual(expect.arrayContaining(Object.keys(row).map(camel)));
    expect(read.filter((line) => line['kind'] === 'event').map((line) => line['action'])).toContain('servers.create');
    expect(read.some((line) => line['workspaceId'] !== workspaceId)).toBe(false);

    const all = await lines(await kit.owner.handover.exportAll({ query: { include: 'calls' } }));
    expect(all).toHaveLength(458);
  });

  it('[AUD-06] goes on where an earlier one ended, and of a kind left out nothing is skipped', async () => {
    await addCalls(kit.database.db, { workspaceId, count: 3, node: 'a' });
    kit.advance(10_000);
    const first = await kit.owner.handover.export({ params, query: { include: 'calls' } });
    expect(await lines(first)).toHaveLength(3);
    await addCalls(kit.database.db, { workspaceId, count: 2, node: 'a', firstSeq: 4 });
    await addCalls(kit.database.db, { workspaceId, count: 1, node: 'new' });
    kit.advance(10_000);
    const second = await kit.owner.handover.export({ params, query: { after: first.headers[cursorHeader] } });
    const read = await lines(second);
    expect(read.filter((line) => line['kind'] === 'call').map((line) => [line['node'], line['endSeq']])).toEqual([
      ['a', 4],
      ['a', 5],
      ['new', 1],
    ]);
    expect(read.map((line) => line['action'])).toContain('handover.export');
    kit.advance(10_000);
    const third = await kit.owner.handover.export({ params, query: { after: second.headers[cursorHeader] } });
    expect((await lines(third)).map((line) => line['action'])).toEqual(['handover.export']);
    expect(await failure(kit.owner.handover.export({ params, query: { after: 'made-up' } }))).toMatchObject({
      issues: [{ path: 'query.after' }],
    });
  });

  it('[AUD-06] keeps to a period, compresses on request, names its type, and is itself a change', async () => {
    await addCalls(kit.database.db, { workspaceId, count: 10, node: 'a', from: start, everyMs: 1_000 });
    const query = {
      from: isoTime(start + 2_000),
      to: isoTime(start + 5_000).replace('.000', ''),
      include: 'calls',
    } as const;
    kit.advance(60_000);
    const packed = await kit.owner.handover.export({ params, query: { ...query, format: 'csv', compress: 'gzip' } });
    expect(packed.contentType).toBe('application/gzip');
    expect(packed.headers['content-disposition']).toBe('attachment; filename="mcpnest-acme.csv.gz"');
    const text = gunzipSync(await bytes(packed)).toString();
    expect(text.split('\r\n')).toHaveLength(1 + 3 + 1);
    const { items } = await kit.owner.auditEvents.list({ params, query: { action: 'handover.export' } });
    expect(items).toMatchObject([
      { target: 'workspace:acme', detail: { format: 'csv', from: query.from, resumed: false } },
    ]);
  });

  it('[AUD-06] of 100,000 rows holds a few pages of them at a time, and stops reading when nobody takes it', async () => {
    await addCalls(kit.database.db, { workspaceId, count: 100_000, node: 'a' });
    const { body } = await kit.owner.handover.export({ params, query: { include: 'calls' } });
    globalThis.gc?.();
    const before = process.memoryUsage();
    let [size, most] = [0, 0];
    for await (const part of body) {
      size += part.length;
      const now = process.memoryUsage();
      most = Math.max(most, now.arrayBuffers - before.arrayBuffers + now.heapUsed - before.heapUsed);
    }
    expect(size).toBeGreaterThan(50_000_000);
    expect(most).toBeLessThan(96 * 1024 * 1024);
    const unread = (await kit.owner.handover.export({ params, query: {} })).body;
    await unread.getReader().cancel();
  }, 120_000);
});

describe('an export of a period', () => {
  const exported = async (query: object) => lines(await kit.owner.handover.export({ params, query }));

  it('[AUD-06] has what is of it, and gives others their turn however many are not', async () => {
    const { db } = kit.database;
    await addCalls(db, { workspaceId, count: 6_000, node: 'a', from: start, everyMs: 10 });
    // As it happens: what was closed late was begun early.
    await addCalls(db, { workspaceId, count: 1, node: 'a', from: start + 5, firstSeq: 6_001 });
    kit.advance(86_400_000);
    const seqs = async (query: object) =>
      (await exported({ include: 'calls', ...query })).map((line) => line['endSeq']);
    expect(await seqs({ from: isoTime(start), to: isoTime(start + 20) })).toEqual([1, 2, 6_001]);
    expect(await seqs({ from: isoTime(start + 59_980) })).toEqual([5_999, 6_000]);
    expect(await seqs({ to: isoTime(start + 40_000) })).toHaveLength(4_001);
    let turns = 0;
    let pulse = setImmediate(function turn() {
      turns++;
      pulse = setImmediate(turn);
    });
    const { body } = await kit.owner.handover.export({ params, query: { include: 'calls', from: isoTime(start * 2) } });
    turns = 0;
    expect(await bytes({ body } as ByteStream)).toHaveLength(0);
    clearImmediate(pulse);
    expect(turns).toBeGreaterThanOrEqual(6);
  }, 60_000);

  it('[AUD-06] has the changes from its beginning on and before its end', async () => {
    const name = async (one: string) => {
      await kit.owner.teams.create({ params, body: { name: one } });
      kit.advance(10_000);
    };
    for (const one of ['a', 'b', 'c', 'd']) await name(one);
    const made = async (query: object) =>
      (await exported({ include: 'events', ...query }))
        .filter((line) => line['action'] === 'teams.create')
        .map((line) => String(line['target']).replace('team:', ''));
    const all = await exported({ include: 'events' });
    const [, second, third] = all.filter((line) => line['action'] === 'teams.create');
    expect(await made({ from: second!['createdAt'], to: third!['createdAt'] })).toEqual(['b']);
    expect(await made({ from: second!['createdAt'] })).toEqual(['b', 'c', 'd']);
    expect(await made({ to: third!['createdAt'] })).toEqual(['a', 'b']);
    const { headers } = await kit.owner.handover.export({ params, query: { to: third!['createdAt'] as string } });
    expect(await made({ after: headers[cursorHeader], from: isoTime(start) })).toEqual([]);
  });
});

describe('an evidence pack', () => {
  const pack = async (query = {}) => bytes(await kit.owner.handover.evidence({ params, query }));

  it('[AUD-09][SH-03] answers who had access at both ends, who left and their last call, and what was changed', async () => {
    await kit.owner.servers.create({ params, body: { name: 'one', url: 'https://one.example.com/mcp' } });
    const gone = await kit.owner.members.add({ params, body: { email: 'gone@example.com' } });
    const { token } = await kit.owner.tokens.issue({
      params,
      body: { kind: 'member', memberId: gone.id, label: 'laptop' },
    });
    kit.advance(86_400_000);
    const from = isoTime(start + 43_200_000);
    await addCalls(kit.database.db, {
      workspaceId,
      count: 2,
      node: 'a',
      from: start + 60_000,
      everyMs: 1_000,
      memberId: gone.id,
      tokenId: token.id,
    });
    const came = await kit.owner.members.add({ params, body: { email: 'came@example.com' } });
    await kit.owner.members.remove({ params: { ...params, member: gone.id } });
    await kit.owner.rules.create({
      params,
      body: { effect: 'deny', subject: 'everybody', object: '*', note: '<script>alert(1)</script>' },
    });
    kit.advance(2 * 86_400_000);
    const to = isoTime(start + 2 * 86_400_000);
    const archive = await pack({ from, to });
    const files = unzip(archive);
    const index = JSON.parse(files.get('index.json')!) as {
      controls: { files: string[] }[];
      files: { name: string }[];
    };
    for (const { files: named } of index.controls) for (const name of named) expect(files.has(name), name).toBe(true);
    expect(files.get('access/allowed-at-start.csv')).toMatch(/\r\nworkspace token,,one,,workspace-token,no,\d+,/);
    expect(files.get('access/allowed-at-end.csv')!.split('\r\n')).toHaveLength(3);
    expect(files.get('access/members-at-start.csv')).toContain('gone@example.com');
    expect(files.get('access/members-at-start.csv')).not.toContain('came@example.com');
    expect(files.get('access/members-at-end.csv')).not.toContain('gone@example.com');
    expect(files.get('access/members-at-end.csv')).toContain('came@example.com');
    const left = files.get('people/joined-and-left.csv')!.split('\r\n');
    expect(left.find((line) => line.includes(gone.id))).toContain(isoTime(start + 61_000));
    expect(left.find((line) => line.includes(came.id))).toMatch(/,,$/);
    expect(files.get('changes/policy.csv')).toContain('rules.create');
    expect(files.get('changes/changes.csv')).toContain('members.remove');
    for (const sum of files.get('SHA256SUMS')!.trim().split('\n')) {
      const [digest, name] = sum.split('  ') as [string, string];
      expect([name, createHash('sha256').update(files.get(name)!).digest('hex')]).toEqual([name, digest]);
    }
    expect(files.get('SHA256SUMS')!.trim().split('\n')).toHaveLength(files.size - 1);
    expect(files.get('index.html')).not.toMatch(/<script|onerror|javascript:/i);
    expect((await pack({ from, to })).equals(archive)).toBe(true);
    const events = await kit.owner.auditEvents.list({ params, query: { action: 'handover.evidence' } });
    expect(events.items).toMatchObject([{ detail: { from, to } }, { detail: { from, to } }]);
  });

  it('[AUD-09] sums more calls of one moment than one statement looks at, node by node and end by end', async () => {
    const { db } = kit.database;
    await addCalls(db, { workspaceId, count: 5_200, node: 'b', from: start });
    await addCalls(db, { workspaceId, count: 300, node: 'b', epoch: 2, from: start + 1_000, everyMs: 10 });
    await addCalls(db, { workspaceId, count: 5_100, node: 'a', from: start + 60_000, everyMs: 1 });
    await addCalls(db, { workspaceId: 'elsewhere', count: 10, node: 'a', epoch: 9, from: start });
    kit.advance(86_400_000);
    const files = unzip(await pack({ from: isoTime(start), to: isoTime(start + 3_600_000) }));
    const [, first, second, third, end] = files.get('completeness/calls-by-node.csv')!.split('\r\n');
    expect(first).toBe(`a,1,5100,1,5100,${isoTime(start + 60_000)},${isoTime(start + 65_099)}`);
    expect(second).toBe(`b,1,5200,1,5200,${isoTime(start)},${isoTime(start)}`);
    expect(third).toBe(`b,2,300,1,300,${isoTime(start + 1_000)},${isoTime(start + 3_990)}`);
    expect(end).toBe('');
    expect(files.get('completeness/outcomes.csv')!.split('\r\n').slice(1)).toEqual([
      expect.stringMatching(/,ok,,10600$/),
      '',
    ]);
  }, 60_000);

  it('asks for nothing before it is read, so that a database that fails meanwhile is heard of', async () => {
    const { body } = await kit.owner.handover.evidence({ params, query: {} });
    await sql`alter table approvals rename to approvals_away`.execute(kit.database.db);
    // Whatever failed unheard by now would fail this file.
    await expect(bytes({ body } as ByteStream)).rejects.toThrow();
    await expect(
      kit.owner.handover.evidence({ params, query: {} }).then(async (stream) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        await stream.body.cancel();
      }),
    ).resolves.toBeUndefined();
  });

  it('is of a period that has ended', async () => {
    const later = isoTime(start + 86_400_000);
    for (const query of [{ to: later }, { from: isoTime(start), to: isoTime(start - 1) }])
      expect(await failure(kit.owner.handover.evidence({ params, query }))).toMatchObject({ code: 'invalid_input' });
  });

  it('has nothing of another workspace', async () => {
    await kit.owner.workspaces.create({ body: { name: 'Other', slug: 'other' } });
    await kit.memberKey('other', 'eve@example.com', 'owner');
    await kit.owner.sinks.create({
      params: { workspace: 'other' },
      body: { kind: 'otlp', name: 'eves-sink', url: 'https://x.example.com' },
    });
    kit.advance(86_400_000);
    for (const [name, text] of unzip(await pack())) expect([name, /eve@|eves-sink/.test(text)]).toEqual([name, false]);
  });
});
