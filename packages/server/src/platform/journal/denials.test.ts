import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDenials } from './denials.ts';
import { denial } from './fixture.ts';

function collect() {
  let ticks = 0;
  const written: { tokenId: string; count: number }[] = [];
  const denials = createDenials({
    monotonic: () => ticks,
    write: ({ tokenId }, count) => written.push({ tokenId, count }),
  });
  return { denials, written, pass: (ms: number) => (ticks += ms) };
}

describe('denials', () => {
  it('[AUD-01] are written one by one up to ten a second for one principal and reason, the rest as one record', () => {
    const { denials, written, pass } = collect();
    for (let i = 0; i < 1_000; i++) denials.add(denial());
    denials.add(denial({ tokenId: 'token-2' }));
    denials.add(denial({ outcome: 'throttled', status: 429, errorCode: 'rate_limited' }));
    expect(written).toHaveLength(12);
    pass(1_000);
    denials.add(denial());
    expect(written.slice(12)).toEqual([
      { tokenId: 'token-1', count: 990 },
      { tokenId: 'token-1', count: 1 },
    ]);
  });

  it('are written when the second is over, also when no more come', async () => {
    const { denials, written } = collect();
    for (let i = 0; i < 12; i++) denials.add(denial());
    await expect.poll(() => written.length, { timeout: 3_000 }).toBe(11);
    expect(written.at(-1)!.count).toBe(2);
  });

  it('keep the sum of counts equal to the calls refused, whatever their order in time', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ token: fc.nat(3), wait: fc.nat(400) }), { maxLength: 300 }), (refused) => {
        const { denials, written, pass } = collect();
        for (const { token, wait } of refused) {
          pass(wait);
          denials.add(denial({ tokenId: `token-${token}` }));
        }
        denials.flush();
        for (let token = 0; token <= 3; token++) {
          const counted = written
            .filter(({ tokenId }) => tokenId === `token-${token}`)
            .reduce((sum, { count }) => sum + count, 0);
          expect(counted).toBe(refused.filter((one) => one.token === token).length);
        }
      }),
      { numRuns: 50 },
    );
  });
});
