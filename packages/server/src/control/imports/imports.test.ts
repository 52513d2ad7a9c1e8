import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure, startKit, type Kit } from '../kit.contract.ts';

let kit: Kit;
beforeAll(async () => void (kit = await startKit()));
afterAll(() => kit[Symbol.asyncDispose]());

const params = { workspace: 'acme' };
const canary = 'canary-4711';
const one = { name: 'One', url: 'https://one.example.com/mcp', credential: { bearer: canary } };

describe('an import', () => {
  it('[NEW-07] adds servers with their credentials sealed, and the same again adds nothing', async () => {
    const servers = [one, { name: 'Two', url: 'https://two.example.com/mcp' }];
    const first = await kit.owner.imports.apply({ params, body: { servers } });
    expect(first.items.map(({ slug, status }) => [slug, status])).toEqual([
      ['one', 'added'],
      ['two', 'added'],
    ]);
    const again = await kit.owner.imports.apply({ params, body: { servers, atomic: true } });
    expect(again.items.map(({ status }) => status)).toEqual(['exists', 'exists']);
    const { items } = await kit.owner.servers.list({ params });
    expect(items.map(({ slug, credential }) => [slug, credential?.headers])).toEqual([
      ['one', ['authorization']],
      ['two', undefined],
    ]);
    const rows = await kit.database.db.selectFrom('gateway_workspace_servers').selectAll().execute();
    const events = await kit.owner.auditEvents.list({ params, query: { limit: 200 } });
    expect(JSON.stringify([first, rows, events, await kit.snapshot('acme')])).not.toContain(canary);
    expect(events.items.filter(({ action }) => action === 'imports.apply').length).toBeGreaterThanOrEqual(2);
  });

  it('[NEW-07] says of each what kept it out, and adds the others', async () => {
    const { items } = await kit.owner.imports.apply({
      params,
      body: {
        servers: [
          { name: 'One', url: 'https://elsewhere.example.com/mcp' },
          { name: '???', url: 'https://three.example.com/mcp' },
          { name: 'Four', url: 'https://four.example.com/mcp' },
        ],
      },
    });
    expect(items.map(({ status, code }) => [status, code])).toEqual([
      ['failed', 'already_exists'],
      ['failed', 'invalid_input'],
      ['added', null],
    ]);
    expect((await kit.snapshot('acme')).servers.map(({ slug }) => slug)).toEqual(['one', 'two', 'four']);
  });

  it('[NEW-07] of which all or none was asked for adds none when one cannot be added', async () => {
    const servers = [
      { name: 'Five', url: 'https://five.example.com/mcp' },
      { name: 'One', url: 'https://elsewhere.example.com/mcp' },
    ];
    const refused = await failure(kit.owner.imports.apply({ params, body: { servers, atomic: true } }));
    expect(refused).toMatchObject({ code: 'conflict', detail: expect.stringContaining('One: ') as string });
    expect((await kit.snapshot('acme')).servers.map(({ slug }) => slug)).not.toContain('five');
  });

  it('is for admins, and what it is given is checked like any other server', async () => {
    const member = kit.clientOf(await kit.memberKey('acme', 'mo@example.com', 'member'));
    expect(await failure(member.imports.apply({ params, body: { servers: [one] } }))).toMatchObject({
      code: 'forbidden',
    });
    const bad = { name: 'Bad', url: 'https://a:b@bad.example.com/', credential: { headers: { Host: canary } } };
    const refused = await failure(kit.owner.imports.apply({ params, body: { servers: [bad] } }));
    expect(refused).toMatchObject({ code: 'invalid_input' });
    expect(refused.issues?.map(({ path }) => path).join()).toContain('body.servers.0');
    expect(JSON.stringify(refused)).not.toContain(canary);
  });
});
