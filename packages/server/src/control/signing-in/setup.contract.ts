import { describe, expect, it } from 'vitest';
import type { Kit } from '../kit.contract.ts';
import { issueSetupLink } from './signing-in.ts';

/** What holds of finishing the set-up, on either engine. */
export function describeSetup(engine: string, kitOf: () => Kit): void {
  describe(`the set-up on ${engine}`, () => {
    const issue = async () => {
      const { database, courier } = kitOf();
      const deps = { db: database.db, bus: courier.bus, clock: courier.clock };
      return (await issueSetupLink(deps, { kind: 'system' }, 'http://127.0.0.1:8420'))?.link;
    };
    const state = async () => (await kitOf().send('GET', '/api/v1/setup', { key: null })).json();
    const finish = (key: string, body: object = {}) =>
      kitOf().send('POST', '/api/v1/setup', {
        key: null,
        body: { key, email: 'ada@example.com', name: 'Ada', password: 'a long and private one', ...body },
      });
    const keyOf = (link: string | undefined) => link!.split('#k=')[1]!;

    it('[NEW-11] claims the owner who cannot sign in, once, with the link alone, and then no more', async () => {
      const { database, advance } = kitOf();
      // Whom it would claim is nobody's business.
      expect(await state()).toEqual({ needed: true });
      const links = [await issue(), await issue(), await issue()];
      expect(links[0]).toMatch(/^http:\/\/localhost:8420\/setup#k=[\w-]{43}$/);
      expect((await finish('x'.repeat(43))).status).toBe(401);
      expect((await finish(keyOf(links[0]), { password: 'short' })).status).toBe(400);
      expect((await finish(keyOf(links[0]), { password: 'password1234' })).status).toBe(400);
      const kept = JSON.stringify(await database.db.selectFrom('entry_links').selectAll().execute());
      for (const link of links) expect(kept).not.toContain(keyOf(link));

      const tries = await Promise.all(links.map((link) => finish(keyOf(link))));
      expect(tries.map(({ status }) => status).toSorted()).toEqual([201, 401, 401]);
      const made = tries.find(({ status }) => status === 201)!;
      expect(await made.json()).toMatchObject({
        user: { email: 'ada@example.com', name: 'Ada' },
        instanceRole: 'owner',
        workspaces: [{ slug: 'acme', role: 'owner' }],
        authMethod: 'setup',
      });
      expect(await database.db.selectFrom('users').select('email').execute()).toEqual([{ email: 'ada@example.com' }]);
      expect(await state()).toEqual({ needed: false });
      expect(await issue()).toBeUndefined();
      advance(1_000);
      for (const link of links) expect((await finish(keyOf(link))).status).toBe(401);
      const { items } = await kitOf().owner.auditEvents.listAll({ query: { action: 'setup.finish' } });
      expect(items).toMatchObject([{ actor: 'anonymous', detail: { claimed: true } }]);
    });
  });
}
