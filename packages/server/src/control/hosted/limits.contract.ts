import { expect, it } from 'vitest';
import type { Kit } from '../kit.contract.ts';

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
}
