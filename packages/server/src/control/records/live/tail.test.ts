import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
import type { ByteStream } from '@mcpnest/contract/operation';
import { SseReader } from '../../../platform/sse-reader.ts';
import { callRow } from '../../call-row.contract.ts';
import { failure, startKit, type Kit } from '../../kit.contract.ts';

const params = { workspace: 'acme' };
const start = Date.UTC(2026, 10, 21, 12);
let kit: Kit;
let admin: Client;
let adminKey: string;
let workspaceId: string;
let open: Watched[];

beforeEach(async () => {
  kit = await startKit();
  adminKey = await kit.memberKey('acme', 'al@example.com', 'admin');
  admin = kit.clientOf(adminKey);
  workspaceId = (await kit.snapshot('acme')).workspace.id;
  const place = { node: 'n', segment: '', byte_offset: 0, updated_at: 'x' };
  await kit.database.db.insertInto('journal_cursors').values(place).execute();
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((each) => each.close()));
  await kit[Symbol.asyncDispose]();
});

interface Watched {
  /** What was told so far, but for signs of life. */
  readonly events: { readonly event: string; readonly data: Record<string, unknown> }[];
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

function watch({ body }: ByteStream): Watched {
  const events: Watched['events'] = [];
  const sse = new SseReader((data, event) => {
    events.push({ event, data: JSON.parse(data.toString()) as Record<string, unknown> });
  }, 1024 * 1024);
  const reader = body.getReader();
  const ended = (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      sse.push(Buffer.from(value));
    }
  })();
  const watched = { events, ended, close: () => reader.cancel() };
  open.push(watched);
  return watched;
}

const tail = async (query: object = {}, client = admin): Promise<Watched> => {
  const watched = watch(await client.calls.tail({ params, query }));
  await expect.poll(() => watched.events[0]?.event, { timeout: 3_000 }).toBe('ready');
  return watched;
};
const record = async (call: object = {}): Promise<string> => {
  const row = callRow(start, { workspace_id: workspaceId, token_id: 't', ...call });
  await kit.database.db.insertInto('mcp_tool_calls').values(row).execute();
  return row.id;
};
const told = ({ events }: Watched, name: string): unknown[] =>
  events.filter(({ event }) => event === name).map(({ data }) => data['id']);

it('[AUD-10] tells new calls of the workspace and nothing that was there before, each by its own filter', async () => {
  await record();
  const [all, denied] = [await tail(), await tail({ failed: 'true', server: 'github', statusClass: '4xx' })];
  const one = await record();
  const two = await record({ outcome: 'denied', status: 403 });
  await record({ workspace_id: 'another' });
  await expect.poll(() => told(all, 'call'), { timeout: 3_000 }).toEqual([one, two]);
  expect(told(denied, 'call')).toEqual([two]);
  const { items } = await admin.calls.list({ params, query: { limit: 2 } });
  expect(all.events.filter(({ event }) => event === 'call').map(({ data }) => data)).toEqual(
    expect.arrayContaining(items),
  );
});

it('tells changes once they are settled, and to whoever asks for them', async () => {
  const [calls, changes] = [await tail(), await tail({ show: 'changes' })];
  await kit.owner.servers.create({ params, body: { name: 'GitHub', url: 'https://github.example.com/mcp' } });
  await record();
  kit.advance(6_000);
  const made = () => changes.events.find(({ data }) => data['action'] === 'servers.create')?.data;
  await expect.poll(made, { timeout: 3_000 }).toMatchObject({ target: 'server:github', actorEmail: 'ada@example.com' });
  await expect.poll(() => told(calls, 'call').length, { timeout: 3_000 }).toBe(1);
  expect([told(calls, 'change'), told(changes, 'call')]).toEqual([[], []]);
});

it('[L2-07] ends when the key ends, and says so', async () => {
  const watched = await tail();
  const { items } = await kit.owner.apiKeys.list({ params });
  await kit.owner.apiKeys.revoke({
    params: { ...params, key: items.find(({ label }) => label === 'al@example.com')!.id },
  });
  await watched.ended;
  expect(watched.events.at(-1)).toMatchObject({ event: 'end', data: { reason: expect.any(String) as string } });
  await record();
  expect(told(watched, 'call')).toEqual([]);
});

it('[L2-07][AUD-10] tells a member of their own calls and of nothing else, whatever they ask for', async () => {
  const member = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
  const { items } = await kit.owner.members.list({ params });
  const idOf = (email: string) => items.find((each) => each.email === email)!.id;
  const [cy, al] = [idOf('cy@example.com'), idOf('al@example.com')];
  for (const show of ['changes', 'all'] as const)
    expect(await failure(member.calls.tail({ params, query: { show } }))).toMatchObject({ code: 'forbidden' });
  const [all, mine, others] = [
    await tail(),
    await tail({}, member),
    await tail({ memberId: al, tokenId: 't' }, member),
  ];
  const elsewhere = [await record({ member_id: al }), await record({ member_id: null })];
  const own = await record({ member_id: cy });
  await expect.poll(() => told(all, 'call').toSorted(), { timeout: 3_000 }).toEqual([...elsewhere, own].toSorted());
  expect(told(mine, 'call')).toEqual([own]);
  expect(told(others, 'call')).toEqual([]);
  await kit.owner.members.remove({ params: { ...params, member: cy } });
  await mine.ended;
  expect(mine.events.at(-1)?.event).toBe('end');
});

it('[AUD-10] tells a member of what was skipped where their own calls are among it, and not how much others call', async () => {
  const member = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
  const { items } = await kit.owner.members.list({ params });
  const idOf = (email: string) => items.find((each) => each.email === email)!.id;
  const [cy, al] = [idOf('cy@example.com'), idOf('al@example.com')];
  const skips = ({ events }: Watched): number => events.filter(({ event }) => event === 'skipped').length;
  /** More than one poll reads, in one statement. */
  const flood = async (last: string): Promise<void> => {
    const rows = Array.from({ length: 502 }, (_, at) =>
      callRow(start, { workspace_id: workspaceId, token_id: 't', member_id: at < 501 ? al : last }),
    );
    await kit.database.db.insertInto('mcp_tool_calls').values(rows).execute();
  };
  const [all, mine] = [await tail(), await tail({}, member)];
  await flood(al);
  await expect.poll(() => skips(all), { timeout: 3_000 }).toBe(1);
  const own = await record({ member_id: cy });
  await expect.poll(() => told(mine, 'call'), { timeout: 3_000 }).toEqual([own]);
  expect(skips(mine)).toBe(0);
  await flood(cy);
  await expect.poll(() => skips(mine), { timeout: 3_000 }).toBe(1);
  expect(told(mine, 'call')).toEqual([own]);
});

it('is open five times at once, and reads nothing while nobody listens', async () => {
  const five = [];
  for (let count = 0; count < 5; count++) five.push(await tail());
  expect(await failure(admin.calls.tail({ params }))).toMatchObject({ code: 'rate_limited' });
  await tail({}, kit.owner);
  await five[0]!.close();
  const sixth = await tail();
  const id = await record();
  await expect.poll(() => told(sixth, 'call'), { timeout: 3_000 }).toEqual([id]);
  expect(told(five[0]!, 'call')).toEqual([]);
  const readings = await kit.database.db.selectFrom('event_counts').select(['action', 'count']).execute();
  expect(readings.filter(({ action }) => action === 'calls.tail').map(({ count }) => count)).toContain(6);
});

it('lets a reader who takes nothing cost no more than a bound, and tells how much was left out', async () => {
  const { body } = await admin.calls.tail({ params });
  const reader = body.getReader();
  await reader.read();
  await expect
    .poll(async () => Buffer.from((await reader.read()).value!).toString(), { timeout: 3_000 })
    .toContain('ready');
  const argsShape = JSON.stringify({ padding: 'x'.repeat(10_000) });
  for (let count = 0; count < 150; count++) await record({ args_shape: argsShape });
  await new Promise((resolve) => {
    setTimeout(resolve, 1_500);
  });
  const text = Buffer.from((await reader.read()).value!).toString();
  expect(text.length).toBeLessThan(1_100_000);
  expect(text).toMatch(/event: skipped\ndata: \{"count":\d+\}/);
  await reader.cancel();
});
