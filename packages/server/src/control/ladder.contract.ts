import { describe, expect, it } from 'vitest';
import type { Role } from '@mcpnest/contract/operation';
import { failure } from './kit.contract.ts';
import type { Kit } from './kit.contract.ts';

/** What holds of roles when several people change them at the same moment, on either engine. */
export function describeLadder(engine: string, kitOf: () => Kit): void {
  describe(`roles under concurrency on ${engine}`, () => {
    let made = 0;
    /** A workspace whose members have keys of their own; the instance owner who made it is one of its owners. */
    async function workspace(people: Readonly<Record<string, Role>>) {
      const kit = kitOf();
      const slug = `ladder-${++made}`;
      await kit.owner.workspaces.create({ body: { name: slug } });
      const params = { workspace: slug };
      const keys = new Map<string, string>();
      for (const [name, role] of Object.entries(people))
        keys.set(name, await kit.memberKey(slug, `${name}@example.com`, role));
      const list = async () => (await kit.owner.members.list({ params })).items;
      const idOf = async (name: string) => (await list()).find(({ email }) => email.startsWith(`${name}@`))!.id;
      return { kit, params, list, idOf, clientOf: (name: string) => kit.clientOf(keys.get(name)!) };
    }
    const done = (results: readonly PromiseSettledResult<unknown>[]) =>
      results.filter((result) => result.status === 'fulfilled').length;

    it('[L2-07] however owners are removed and demoted at once, one is left', async () => {
      const { kit, params, list } = await workspace({ b: 'owner', c: 'owner', d: 'owner' });
      const owners = await list();
      const outcomes = await Promise.allSettled(
        owners.map((owner, index) =>
          index % 2 === 0
            ? kit.owner.members.remove({ params: { ...params, member: owner.id } })
            : kit.owner.members.update({ params: { ...params, member: owner.id }, body: { role: 'member' } }),
        ),
      );
      expect(done(outcomes)).toBe(owners.length - 1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected')
          expect(await failure(Promise.reject(outcome.reason as Error))).toMatchObject({ code: 'conflict' });
      }
      expect((await list()).filter(({ role }) => role === 'owner')).toHaveLength(1);
    });

    it('[L2-07] of two owners who demote each other one stays, and whoever was demoted demotes nobody', async () => {
      const { params, list, idOf, clientOf } = await workspace({ b: 'owner', c: 'owner' });
      const [b, c] = [await idOf('b'), await idOf('c')];
      const outcomes = await Promise.allSettled([
        clientOf('b').members.update({ params: { ...params, member: c }, body: { role: 'member' } }),
        clientOf('c').members.update({ params: { ...params, member: b }, body: { role: 'member' } }),
      ]);
      expect(done(outcomes)).toBe(1);
      expect((await list()).filter(({ id, role }) => [b, c].includes(id) && role === 'owner')).toHaveLength(1);
    });

    it('[L2-07] whoever is removed changes nothing more, also with requests that were waiting already', async () => {
      const { kit, params, idOf, clientOf } = await workspace({ b: 'admin' });
      const member = await idOf('b');
      const [removed, ...added] = await Promise.allSettled([
        kit.owner.members.remove({ params: { ...params, member } }),
        ...Array.from({ length: 8 }, (_, i) =>
          clientOf('b').members.add({ params, body: { email: `backdoor${i}@example.com` } }),
        ),
      ]);
      expect(removed?.status).toBe('fulfilled');
      const events = (await kit.owner.auditEvents.list({ params, query: { limit: 200 } })).items;
      const removal = events.findIndex(({ action }) => action === 'members.remove');
      // Newest first: nothing of theirs stands before the removal.
      expect(events.slice(0, removal).filter(({ actorEmail }) => actorEmail === 'b@example.com')).toEqual([]);
      expect(
        events.filter(({ actorEmail, action }) => actorEmail === 'b@example.com' && action === 'members.add'),
      ).toHaveLength(done(added));
    });

    it('[TOK-09] an invitation makes one member however often it is used at once', async () => {
      const { kit, params, list } = await workspace({});
      const { secret } = await kit.owner.invitations.create({ params, body: { email: 'ina@example.com' } });
      const before = (await list()).length;
      const tries = Array.from({ length: 8 }, () => kit.clientOf(secret).invitations.accept({ body: {} }));
      expect(done(await Promise.allSettled(tries))).toBe(1);
      expect(await list()).toHaveLength(before + 1);
      expect((await kit.owner.apiKeys.list({ params })).items).toHaveLength(1);
    });

    it('[REG-02] a manifest takes effect once, as it was looked at, however many let it and whatever comes meanwhile', async () => {
      const { kit, params, idOf, clientOf } = await workspace({ b: 'member', c: 'admin' });
      await kit.owner.teams.create({ params, body: { name: 'data' } });
      const seat = { ...params, team: 'data', member: await idOf('b') };
      await kit.owner.teams.addMember({ params: seat });
      const manifest = { ...params, manifest: 'catalog' };
      const put = (rpm: number) =>
        clientOf('b').manifests.put({
          params: manifest,
          body: {
            name: 'catalog',
            owner: 'data',
            upstream: 'https://mcp.example.com/mcp',
            limits: { per_user_rpm: rpm },
          },
        });
      await put(1);
      const approve = () => clientOf('c').manifests.approve({ params: manifest, body: { revision: 1 } });
      const outcomes = await Promise.allSettled([...Array.from({ length: 4 }, approve), put(2), approve()]);
      const { items } = await kit.owner.manifests.revisions({ params: manifest });
      const approved = items.filter(({ state, decidedBy }) => state === 'active' && decidedBy !== null);
      expect(done(outcomes.filter((_, index) => index !== 4))).toBe(approved.length);
      expect(items.map(({ state }) => state)).toEqual(['waiting', approved.length === 1 ? 'active' : 'replaced']);
      const server = kit.owner.servers.show({ params: { ...params, server: 'catalog' } });
      if (approved.length === 1) expect((await server).limits.principalPerMinute).toBe(1);
      else expect(await failure(server)).toMatchObject({ code: 'not_found' });
    });

    it('[REG-02] whoever is taken out of the team publishes nothing more, also with requests that were waiting', async () => {
      const { kit, params, idOf, clientOf } = await workspace({ b: 'member' });
      await kit.owner.teams.create({ params, body: { name: 'data' } });
      const seat = { ...params, team: 'data', member: await idOf('b') };
      await kit.owner.teams.addMember({ params: seat });
      await kit.owner.workspaces.update({ params, body: { settings: { publishing: { teams: ['data'] } } } });
      const put = (index: number) => {
        const body = { name: `m${index}`, owner: 'data', upstream: 'https://mcp.example.com/mcp' };
        return clientOf('b').manifests.put({ params: { ...params, manifest: body.name }, body });
      };
      const [left, ...puts] = await Promise.allSettled([
        kit.owner.teams.removeMember({ params: seat }),
        ...Array.from({ length: 6 }, (_, index) => put(index)),
      ]);
      expect(left?.status).toBe('fulfilled');
      const events = (await kit.owner.auditEvents.list({ params, query: { limit: 200 } })).items;
      const gone = events.findIndex(({ action }) => action === 'teams.removeMember');
      expect(events.slice(0, gone).filter(({ action }) => action === 'manifests.put')).toEqual([]);
      expect((await kit.owner.manifests.list({ params })).items).toHaveLength(done(puts));
    });

    it('[L2-07] a machine does not outlive its owner by being handed over at the same moment', async () => {
      const { kit, params, idOf } = await workspace({ b: 'member', c: 'member' });
      const [b, c] = [await idOf('b'), await idOf('c')];
      const { id } = await kit.owner.machines.create({ params, body: { name: 'ci', ownerId: c } });
      const machine = { ...params, machine: id };
      await Promise.allSettled([
        kit.owner.members.remove({ params: { ...params, member: b } }),
        kit.owner.machines.update({ params: machine, body: { ownerId: b } }),
      ]);
      const { state, ownerId } = await kit.owner.machines.show({ params: machine });
      expect(state).toBe(ownerId === b ? 'suspended' : 'active');
    });
  });
}
