import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../domain/ids.ts';
import { startKit, type Kit } from '../kit.contract.ts';

let kit: Kit;
beforeAll(async () => void (kit = await startKit()));
afterAll(() => kit[Symbol.asyncDispose]());
const params = { workspace: 'acme' };

it('[NEW-07] a member sees the clients of their own tokens, an admin all, each with its last request', async () => {
  const member = kit.clientOf(await kit.memberKey('acme', 'mo@example.com', 'member'));
  const own = (await member.tokens.issue({ params, body: { kind: 'member', label: 'mine' } })).token;
  const shared = (await kit.owner.tokens.issue({ params, body: { label: 'shared' } })).token;
  const { id: workspace_id } = (await kit.snapshot('acme')).workspace;
  const at = '2026-11-21T12:00:00.000Z';
  const row = (token_id: string, client: string) => ({
    ...{
      id: newId(Date.UTC(2026, 10, 21)),
      workspace_id,
      token_id,
      server_id: '',
      client,
      version: '1',
      era: 'legacy',
    },
    ...{ revision: '2025-11-25', first_at: at, last_at: at, listed_at: null, stale_since: null },
  });
  await kit.database.db
    .insertInto('client_connections')
    .values([row(own.id, 'a'), row(shared.id, 'b')])
    .execute();
  const used_at = '2026-11-21T12:30:00.000Z';
  await kit.database.db.insertInto('token_last_use').values({ token_id: own.id, used_at }).execute();
  const seen = async (client: typeof member) => (await client.connections.list({ params })).items;
  expect(await seen(member)).toMatchObject([{ client: 'a', tokenLabel: 'mine', lastRequestAt: used_at }]);
  expect((await seen(kit.owner)).map(({ client }) => client).sort()).toEqual(['a', 'b']);
});
