import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
import type { OpenDatabase } from '../../platform/database/database.ts';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';

const acme = { workspace: 'acme' };
const cy = 'cy_1@example.com';
const tables = [
  'gateway_workspace_servers',
  'gateway_workspaces',
  ...['access_requests', 'access_rules', 'api_keys', 'audit_events', 'gateway_tokens', 'invitations', 'legal_holds'],
  ...['machines', 'manifest_revisions', 'server_revisions', 'stops', 'teams', 'users', 'workspace_snapshots'],
] as const;

/** Erasure of a person, on every database. */
export function describeErasure(engine: string, open: () => Promise<OpenDatabase>): void {
  describe(`erasure of a person on ${engine}`, () => {
    let kit: Kit;
    let memberId: string;
    let userId: string;
    let ofCy: Client;
    beforeEach(async () => {
      kit = await startKit(await open());
      ofCy = kit.clientOf(await kit.memberKey('acme', cy, 'owner'));
      const member = (await kit.owner.members.list({ params: acme })).items.find(({ email }) => email === cy)!;
      ({ id: memberId, userId } = member);
      kit.advance(1_000);
    });
    afterEach(() => kit[Symbol.asyncDispose]());

    /** Every place the address could be written in. */
    async function writeEverywhere(): Promise<void> {
      const { owner } = kit;
      await owner.servers.create({
        params: acme,
        body: { name: `One of ${cy}`, slug: 'one', url: 'https://one.example.com/mcp', maintainer: cy },
      });
      await owner.workspaces.update({ params: acme, body: { name: `Acme of ${cy}` } });
      const team = await owner.teams.create({ params: acme, body: { name: 'ops' } });
      await owner.teams.addMember({ params: { ...acme, team: team.slug, member: memberId } });
      await owner.tokens.issue({ params: acme, body: { kind: 'member', memberId, label: `of ${cy}` } });
      await owner.rules.create({
        params: acme,
        body: { effect: 'allow', subject: `member:${cy}`, object: 'one:*', note: `Asked for by CY_1@example.com.` },
      });
      const manifest = {
        ...{ name: 'two', owner: team.slug, upstream: 'https://two.example.com/mcp', visibility: `member:${cy}` },
      };
      await owner.manifests.put({ params: { ...acme, manifest: 'two' }, body: manifest });
      await owner.machines.create({ params: acme, body: { name: `robot of ${cy}`, ownerId: memberId } });
      await owner.stops.create({ params: acme, body: { target: 'server:one', reason: `${cy} reported it` } });
      await owner.invitations.create({ params: acme, body: { email: 'other@example.com' } });
      await ofCy.invitations.create({ params: acme, body: { email: 'third@example.com' } });
    }

    const rowsNaming = async (text: string): Promise<string[]> => {
      const found: string[] = [];
      for (const table of tables)
        for (const row of await kit.database.db.selectFrom(table).selectAll().execute())
          if (JSON.stringify(row).toLowerCase().includes(text)) found.push(table);
      return found;
    };
    const everywhere = (body: Parameters<Client['people']['eraseEverywhere']>[0]['body']) =>
      kit.owner.people.eraseEverywhere({ body });

    it('[AUD-03] says what it would blank, blanks it once the id is repeated, and leaves the person nowhere', async () => {
      await writeEverywhere();
      const before = await rowsNaming(cy);
      expect(new Set(before).size).toBeGreaterThan(7);
      const dry = await everywhere({ person: cy, dryRun: true });
      expect(dry).toMatchObject({ id: userId, erased: false, directory: true, memberships: 1 });
      expect(await rowsNaming(cy)).toEqual(before);
      for (const confirm of [undefined, memberId])
        expect(await failure(everywhere({ person: cy, confirm }))).toMatchObject({ code: 'invalid_input' });

      const done = await everywhere({ person: cy, confirm: userId });
      expect(done).toMatchObject({ erased: true, texts: dry.texts, invitations: dry.invitations });
      // The removal itself is one more.
      expect(done.events).toBe(dry.events + 1);
      expect(await rowsNaming(cy)).toEqual([]);
      expect(await failure(ofCy.members.list({ params: acme }))).toMatchObject({ code: 'unauthenticated' });
      expect((await kit.owner.members.list({ params: acme })).items.map(({ email }) => email)).toEqual([
        'ada@example.com',
      ]);
      expect((await kit.snapshot('acme')).tokens.filter((token) => token.memberId === memberId)).toEqual([]);
    });

    it('[AUD-03] is an event that names nobody, and others show that something was erased', async () => {
      await everywhere({ person: cy, confirm: userId });
      const { items } = await kit.owner.auditEvents.list({ params: acme });
      const [event] = items.filter(({ target }) => target === 'person');
      expect(event).toMatchObject({ action: 'people.eraseEverywhere', detail: { memberships: 1, directory: true } });
      expect(JSON.stringify(event)).not.toContain(userId);
      expect(JSON.stringify(event)).not.toContain(memberId);
      const blanked = items.filter(({ target }) => target === null);
      expect(blanked.map(({ action }) => action)).toEqual(
        expect.arrayContaining(['members.add', 'apiKeys.issue', 'people.eraseEverywhere']),
      );
      expect(blanked.every(({ detail }) => detail === null)).toBe(true);
      const rows = await kit.database.db.selectFrom('audit_events').selectAll().where('target', 'is', null).execute();
      expect(rows.every((row) => row.salt === null && /^[0-9a-f]{64}$/.test(row.commitment!))).toBe(true);
    });

    it('[AUD-03] takes no longer address for the one it is a part of', async () => {
      for (const email of [`x${cy}`, `${cy}.au`, 'cyx1@example.com'])
        await kit.owner.members.add({ params: acme, body: { email } });
      await everywhere({ person: cy, confirm: userId });
      const left = (await kit.owner.members.list({ params: acme })).items.map(({ email }) => email);
      expect(left).toEqual(['ada@example.com', `${cy}.au`, 'cyx1@example.com', `x${cy}`]);
      const { items } = await kit.owner.auditEvents.list({ params: acme });
      expect(items.filter((event) => event.action === 'members.add' && event.target !== null)).toHaveLength(3);
    });

    it('[AUD-03] of a workspace goes no further than that workspace', async () => {
      await kit.owner.workspaces.create({ body: { name: 'Other' } });
      await kit.owner.members.add({ params: { workspace: 'other' }, body: { email: cy } });
      const eve = kit.clientOf(await kit.memberKey('acme', 'eve@example.com', 'owner'));
      expect(await eve.people.erase({ params: acme, body: { person: cy, confirm: userId } })).toMatchObject({
        directory: false,
        memberships: 1,
      });
      const emails = async (workspace: string) =>
        (await kit.owner.members.list({ params: { workspace } })).items.map(({ email }) => email);
      expect(await emails('acme')).toEqual(['ada@example.com', 'eve@example.com']);
      expect(await emails('other')).toEqual(['ada@example.com', cy]);
      const events = async (workspace: string) =>
        JSON.stringify((await kit.owner.auditEvents.list({ params: { workspace } })).items);
      expect(await events('acme')).not.toContain(cy);
      expect(await events('other')).toContain(cy);
      // Who belongs to another workspace only is nobody here.
      const stranger = await kit.owner.members.add({
        params: { workspace: 'other' },
        body: { email: 'di@example.com' },
      });
      for (const person of ['di@example.com', stranger.userId])
        expect(await failure(eve.people.erase({ params: acme, body: { person, dryRun: true } }))).toMatchObject({
          code: 'not_found',
        });
    });

    it('[AUD-03] erases who was invited and never came', async () => {
      await kit.owner.invitations.create({ params: acme, body: { email: 'ina@example.com' } });
      const { id, memberships } = await everywhere({ person: 'ina@example.com', dryRun: true });
      expect(memberships).toBe(0);
      await everywhere({ person: 'ina@example.com', confirm: id });
      expect((await kit.owner.invitations.list({ params: acme })).items).toMatchObject([{ state: 'revoked' }]);
      expect(await rowsNaming('ina@example.com')).toEqual([]);
      expect(await failure(everywhere({ person: 'ina@example.com', dryRun: true }))).toMatchObject({
        code: 'not_found',
      });
    });

    it('[AUD-03] is refused for a last owner, of a workspace as of the instance, and under a hold', async () => {
      const ada = (await kit.owner.members.list({ params: acme })).items.find(({ email }) => email.startsWith('ada'))!;
      const last = { person: ada.userId, confirm: ada.userId };
      expect((await failure(everywhere(last))).detail).toContain('last owner of the instance');
      await kit.owner.members.update({ params: { ...acme, member: memberId }, body: { role: 'member' } });
      expect((await failure(kit.local.people.erase({ params: acme, body: last }))).detail).toContain('last owner');

      await kit.owner.holds.request({
        params: acme,
        body: { name: 'Case 12', reason: 'x', scope: `member:${cy}` },
      });
      for (const body of [
        { person: cy, dryRun: true },
        { person: cy, confirm: userId },
      ])
        expect((await failure(everywhere(body))).detail).toContain('legal hold');
      kit.advance(7 * 86_400_000);
      expect(await everywhere({ person: cy, confirm: userId })).toMatchObject({ erased: true });
    });
  });
}
