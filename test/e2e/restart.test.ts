import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrapData, startProduct, until, type ProductData } from '../harness.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

const stack = new AsyncDisposableStack();
let data: ProductData;

beforeAll(async () => {
  data = stack.use(await bootstrapData());
});
afterAll(() => stack.disposeAsync());

describe('after a restart', () => {
  it('[GW-03][GW-08][edge 53] lists, names and tokens are what they were, even while a server is away', async () => {
    const away = await startEchoUpstream({ tools: ['query', 'only_here'] });
    await using stays = await startEchoUpstream({ tools: ['stays'] });
    await using late = await startEchoUpstream({ tools: ['query'] });
    let issued = '';
    {
      await using before = await startProduct({ data });
      await before.addServer({ slug: 'away', url: away.url });
      await before.addServer({ slug: 'stays', url: stays.url });
      expect(await before.toolNames()).toEqual(['query', 'only_here', 'stays']);
      const params = { workspace: before.workspace };
      issued = (await before.client.tokens.issue({ params, body: { label: 'kept' } })).secret;
      await before.addServer({ slug: 'late', url: late.url });
      await until('the clash is seen', async () => (await before.toolNames()).includes('late__query'));
    }
    await away[Symbol.asyncDispose]();
    await using after = await startProduct({ data });
    const started = performance.now();
    const names = await after.toolNames({ token: issued });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(names).toContain('only_here');
    expect(names).toContain('stays');
    expect((await after.call('stays', {}, { token: issued })).message.error).toBeUndefined();
    const { message } = await after.call('only_here');
    expect(message.error?.code).toBe(502);
    // The bare name still means the server it was handed out for, which is away: it must not fall to the newcomer.
    const bare = await after.call('query');
    expect(bare.message.error?.code).toBe(502);
    expect(late.calls()).toHaveLength(0);
  }, 30_000);
});
