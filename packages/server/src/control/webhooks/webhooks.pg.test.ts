import { expect, it } from 'vitest';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { Secret } from '../../domain/secret.ts';
import { openPostgres } from '../../platform/database/postgres.ts';
import { approvalRow } from '../approval-row.contract.ts';
import { startKit } from '../kit.contract.ts';
import { createCourier } from './courier.ts';
import { startReceiver } from './receiver.contract.ts';

const params = { workspace: 'acme' };

it('[NEW-04] many processes on one database tell of each thing once and in order, whoever is first', async () => {
  await using postgres = await startPostgres();
  await using kit = await startKit(openPostgres(new Secret(postgres.url)));
  await using peer = await startReceiver();
  await using couriers = new AsyncDisposableStack();
  const all = Array.from({ length: 4 }, () => couriers.use(createCourier(kit.courier)));
  const rounds = async () => {
    for (let i = 0; i < 2; i++) await Promise.all(all.map((courier) => courier.round()));
    await Promise.all(all.map((courier) => courier.idle()));
  };
  await kit.owner.network.allow({ body: { target: peer.target } });
  await kit.owner.servers.create({ params, body: { name: 'github', url: 'https://x.example.com/mcp', pinning: 'on' } });
  const { workspace, servers } = await kit.snapshot('acme');
  const { db } = kit.database;
  for (let i = 0; i < 2; i++) await kit.owner.webhooks.create({ params, body: { url: peer.url } });
  peer.received.length = 0;
  const { token } = await kit.owner.tokens.issue({ params, body: { label: 't' } });
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) {
    const row = approvalRow(kit.courier.clock.now(), { workspace_id: workspace.id, token_id: token.id });
    await db.insertInto('approvals').values(row).execute();
    ids.push(row.id);
  }
  const server_id = servers[0]!.id;
  const body = JSON.stringify([JSON.stringify({ name: 'search', inputSchema: { type: 'object' } })]);
  await db
    .insertInto('upstream_lists')
    .values({ server_id, kind: 'tools', revision: 1, body, fetched_at: 't' })
    .execute();
  const decide = Promise.all(
    ids.map((approval) => kit.owner.approvals.approve({ params: { ...params, approval }, body: {} })),
  );
  await Promise.all([rounds(), decide]);
  for (let i = 0; i < 5; i++) await rounds();

  const told = new Map<string, string[]>();
  for (const { headers, type, data } of peer.received) {
    const about = `${type} ${String(data['approvalId'] ?? data['server'])}`;
    told.set(about, [...(told.get(about) ?? []), String(headers['webhook-id'])]);
  }
  const expected = ids.flatMap((id) => [`approval.requested ${id}`, `approval.decided ${id}`]);
  expect([...told.keys()].sort()).toEqual([...expected, 'tool.held_back github'].sort());
  for (const [about, deliveries] of told)
    expect([about, new Set(deliveries).size, deliveries.length]).toEqual([about, 2, 2]);
  for (const id of ids) {
    // Of each webhook in order; between two of them there is none.
    const types = peer.received.filter(({ data }) => data['approvalId'] === id).map(({ type }) => type);
    expect([types[0], types.at(-1)]).toEqual(['approval.requested', 'approval.decided']);
  }
  const rows = await db.selectFrom('webhook_deliveries').select(['webhook_id', 'seq', 'attempts', 'state']).execute();
  expect(rows.filter(({ attempts, state }) => attempts !== 1 || state !== 'delivered')).toEqual([]);
}, 60_000);
