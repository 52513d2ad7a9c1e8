import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mcpnest as run } from '../cli.ts';
import { startProduct, type Product } from '../harness.ts';

const stack = new AsyncDisposableStack();
let product: Product;
let dir: string;
let admin: Record<string, string>;
let dana: Record<string, string>;

/** The source's manifest at an address that is open. */
const catalog = {
  name: 'data-catalog',
  owner: 'data-platform',
  upstream: 'https://catalog.example.com/mcp',
  visibility: 'team:data-platform, team:analytics',
  tools: { search_tables: { access: 'read' }, request_export: { access: 'write', approval: 'required' } },
  limits: { per_user_rpm: 60 },
};
const yaml = `# what the team says of its server
name: data-catalog
owner: data-platform
upstream: https://catalog.example.com/mcp
visibility: [team:data-platform]
tools:
  search_tables: { access: read }
`;

beforeAll(async () => {
  product = stack.use(await startProduct());
  dir = mkdtempSync(join(tmpdir(), 'mcpnest-manifests-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const params = { workspace: product.workspace };
  const { client } = product;
  const { id } = await client.members.add({ params, body: { email: 'dana@example.com' } });
  await client.teams.create({ params, body: { name: 'Analytics' } });
  await client.teams.create({ params, body: { name: 'Data Platform' } });
  await client.teams.addMember({ params: { ...params, team: 'data-platform', member: id } });
  const body = { email: 'dana@example.com', role: 'member', label: 'cli' } as const;
  const { secret } = await client.apiKeys.issue({ params, body });
  admin = { MCPNEST_URL: product.url, MCPNEST_API_KEY: product.apiKey };
  dana = { MCPNEST_URL: product.url, MCPNEST_API_KEY: secret };
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(catalog));
  writeFileSync(join(dir, 'manifest.yaml'), yaml);
  writeFileSync(join(dir, 'wrong.json'), JSON.stringify({ ...catalog, limts: {} }));
  writeFileSync(join(dir, 'broken.yaml'), 'name: [');
});
afterAll(() => stack.disposeAsync());

/** A member names the workspace; an administrator's only one is meant without. */
const mcpnest = (environment: Record<string, string>, args: readonly string[], input?: string) =>
  run(environment === dana ? [...args, '--workspace', product.workspace] : args, environment, input);
const file = (name: string): string => join(dir, name);

it('[REG-01] a member publishes from the command line, an admin approves, and both read what changed', async () => {
  const dry = await mcpnest(dana, ['publish', file('manifest.json'), '--dry-run']);
  expect([dry.code, dry.err]).toEqual([0, '']);
  expect(dry.out).toContain('+ owner: data-platform\n');
  expect(dry.out).toMatch(/It would wait for an administrator\. Nothing was changed\.\n$/);
  const waits = await mcpnest(dana, ['publish', file('manifest.json')]);
  expect(waits.out).toContain('mcpnest manifest approve data-catalog --revision 1\n');

  expect((await mcpnest(admin, ['manifest', 'list', '--state', 'waiting'])).out).toMatch(
    /data-catalog +data-platform +waiting +1 +- +dana@example\.com/,
  );
  expect((await mcpnest(admin, ['manifest', 'show', 'data-catalog'])).out).toContain(
    'who would see it: dana@example.com\n',
  );
  const own = await mcpnest(dana, ['manifest', 'approve', 'data-catalog', '--revision', '1']);
  expect([own.code, own.err]).toEqual([3, expect.stringContaining('needs the role admin')]);
  expect((await mcpnest(admin, ['manifest', 'approve', 'data-catalog', '--revision', '2'])).code).toBe(5);
  const approved = await mcpnest(admin, ['manifest', 'approve', 'data-catalog', '--revision', '1']);
  expect([approved.code, approved.out]).toEqual([0, expect.stringMatching(/state: +active/)]);
  expect((await mcpnest(admin, ['server', 'show', 'data-catalog'])).out).toMatch(/owner: +team:data-platform/);

  expect((await mcpnest(admin, ['workspace', 'update', '--publishing', 'data-platform'])).out).toMatch(
    /may publish: +team:data-platform/,
  );
  const updated = await mcpnest(dana, ['publish', file('manifest.yaml')]);
  expect(updated.out).toContain('~ visibility: team:analytics, team:data-platform -> team:data-platform\n');
  expect(updated.out).toContain('- limits.per_user_rpm: 60\n');
  // It drops an approval, which no team does by itself.
  expect(updated.out).toMatch(/for an administrator, tools\.request_export\.approval: +calls need an approval/);
  expect((await mcpnest(admin, ['manifest', 'approve', 'data-catalog', '--revision', '2'])).code).toBe(0);
  expect((await mcpnest(dana, ['publish', file('manifest.yaml')])).out).toMatch(/^Nothing to change\.\n/);
  const json = await mcpnest(dana, ['publish', '-', '--json'], JSON.stringify(catalog));
  expect(JSON.parse(json.out)).toMatchObject({ outcome: 'updated', manifest: { revision: 3 } });
  expect((await mcpnest(dana, ['manifest', 'history', 'data-catalog'])).out).toMatch(
    /^3 active, .*dana@example\.com\n/,
  );

  expect((await mcpnest(dana, ['manifest', 'remove', 'data-catalog'])).code).toBe(2);
  expect((await mcpnest(dana, ['manifest', 'remove', 'data-catalog', '--yes'])).code).toBe(0);
  expect((await mcpnest(dana, ['manifest', 'show', 'data-catalog'])).code).toBe(4);
});

it('[REG-01] a manifest that is wrong is refused with the place and the remedy, and an exit code', async () => {
  const wrong = await mcpnest(admin, ['publish', file('wrong.json')]);
  expect([wrong.code, wrong.err]).toEqual([
    2,
    expect.stringContaining("body.limts is not a field of this operation; did you mean 'limits'?"),
  ]);
  const closed = await mcpnest(
    admin,
    ['publish', '-'],
    JSON.stringify({ ...catalog, upstream: 'http://10.1.2.3/mcp' }),
  );
  expect([closed.code, closed.err]).toEqual([2, expect.stringContaining('mcpnest network allow 10.1.2.3:80')]);
  const broken = await mcpnest(admin, ['publish', file('broken.yaml')]);
  expect([broken.code, broken.err]).toEqual([2, expect.stringContaining('is not YAML')]);
  expect((await mcpnest(admin, ['publish', '-'], '[]')).code).toBe(2);
  await mcpnest(admin, ['workspace', 'update', '--publishing', 'none']);
  await mcpnest(dana, ['publish', file('manifest.json')]);
  const refuse = ['manifest', 'refuse', 'data-catalog', '--revision', '1', '--reason', 'Not ours'];
  expect((await mcpnest(admin, refuse)).out).toMatch(/answer: +Not ours/);
  expect((await mcpnest(admin, refuse)).code).toBe(5);
});
