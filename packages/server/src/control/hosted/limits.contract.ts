import { expect, it } from 'vitest';
import { ownEntry } from '../../domain/hosted/entries.contract.ts';
import { failure, type Kit } from '../kit.contract.ts';

/** What holds of plans on every engine, also while many deploy at once. */
export function describeHostedLimits(open: () => Promise<Kit>): void {
  it('[HST-09] a plan is never exceeded, however many deploy at the same moment', async () => {
    await using kit = await open();
    const params = { workspace: 'acme' };
    const env = { FILES_ROOT: '/data', FILES_KEY: 'k' };
    const attempt = () => kit.owner.hosted.deploy({ body: { ...params, slug: 'files', env } });
    const race = async (count: number) => {
      const results = await Promise.allSettled(Array.from({ length: count }, attempt));
      return results.filter(({ status }) => status === 'fulfilled').length;
    };
    await kit.allowHosting();
    expect(await race(8)).toBe(3);
    await kit.owner.workspaces.update({ params, body: { settings: { hosting: { plan: 'enterprise' } } } });
    expect(await race(24)).toBe(17);
    const { items } = await kit.owner.hosted.list({ query: params });
    expect(new Set(items.map(({ server }) => server)).size).toBe(20);
    await kit.owner.hosted.terminate({ params: { instance: items[0]!.instance_id } });
    expect(await race(4)).toBe(1);
  });

  it('[HST-09] no member uses the plan up alone, however many personal instances they deploy at the same moment', async () => {
    await using kit = await open();
    const params = { workspace: 'acme' };
    await kit.allowHosting('enterprise');
    const [cy, di] = [
      kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member')),
      kit.clientOf(await kit.memberKey('acme', 'di@example.com', 'member')),
    ];
    const body = { ...params, slug: ownEntry.slug, env: { MAIL_TOKEN: 'secret' } };
    const race = async (client: typeof cy) => {
      const attempts = Array.from({ length: 6 }, () => client.hosted.deploy({ body }));
      return (await Promise.allSettled(attempts)).filter(({ status }) => status === 'fulfilled').length;
    };
    expect(await Promise.all([race(cy), race(di)])).toEqual([2, 2]);
    expect(await failure(cy.hosted.deploy({ body }))).toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('mcpnest workspace update --personal-per-member 3') as string,
    });
    const obstacle = async (client: typeof cy) =>
      (await client.hostedCatalogue.list({ params })).items.find(({ slug }) => slug === ownEntry.slug)?.obstacle;
    expect([await obstacle(cy), await obstacle(kit.owner)]).toEqual(['personal_used_up', null]);
    const { items } = await cy.hosted.list({ query: params });
    await cy.hosted.terminate({ params: { instance: items[0]!.instance_id } });
    expect(await race(cy)).toBe(1);
    const set = (personalPerMember: number) =>
      kit.owner.workspaces.update({ params, body: { settings: { hosting: { personalPerMember } } } });
    await set(4);
    expect(await race(cy)).toBe(2);
    await set(0);
    expect(await race(kit.owner)).toBe(0);
    expect(await failure(set(21))).toMatchObject({ code: 'invalid_input' });
    // What is the workspace's own is not counted as anybody's.
    const env = { FILES_ROOT: '/data', FILES_KEY: 'k' };
    await kit.owner.hosted.deploy({ body: { ...params, slug: 'files', env } });
  });
}
