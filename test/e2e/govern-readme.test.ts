import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProduct, until, type Product } from '../harness.ts';
import { nodeEnvironment } from '../node.ts';
import { startEchoUpstream } from '../upstreams/echo.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const stack = new AsyncDisposableStack();
let product: Product;
let dir: string;

beforeAll(async () => {
  product = stack.use(await startProduct());
  dir = mkdtempSync(join(tmpdir(), 'mcpnest-govern-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const servers = {
    github: ['list_issues', 'create_issue', 'delete_repo'],
    grafana: ['get_dashboard', 'delete_dashboard'],
    deploy: ['roll_out'],
  };
  for (const [slug, tools] of Object.entries(servers)) {
    const upstream = stack.use(await startEchoUpstream({ era: 'both', tools }));
    await product.addServer({ slug, url: upstream.url });
  }
});
afterAll(() => stack.disposeAsync());

/** The commands of a section of the README, as a reader would paste them. */
function commands(heading: string): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const section = readme.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return /```sh\n([^`]+)```/.exec(section)![1]!;
}

it('[L2-02][L2-08] README: a workspace is governed by the commands as they stand there', async () => {
  const params = { workspace: product.workspace };
  const token = async (email: string) => {
    const { id } = await product.client.members.add({ params, body: { email } });
    return (await product.client.tokens.issue({ params, body: { kind: 'member', memberId: id, label: email } })).secret;
  };
  const [junior, senior, lead] = [
    await token('junior@example.com'),
    await token('senior@example.com'),
    await token('lead@example.com'),
  ];
  await until('the gateway knows them', async () => (await product.toolNames({ token: lead })).length === 6);
  await product.call('create_issue', {}, { token: junior });
  await product.calls();
  const script = `npx() { shift; ${process.execPath} ${root}packages/server/bin/mcpnest.mjs "$@"; }\n${commands('Govern a workspace in five minutes')}`;
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: dir,
    env: { ...nodeEnvironment, MCPNEST_URL: product.url, MCPNEST_API_KEY: product.apiKey },
  });
  expect(stdout).toMatch(/Newly denied:\n.*\nmember:junior@example\.com +github +create_issue +1 /);
  expect(stdout).toMatch(/github +create_issue +write +denied +None of the rules/);
  expect(stdout).toContain('3 unchanged; nothing was changed');
  expect(readFileSync(join(dir, 'rules.json'), 'utf8')).toContain('"*:@destructive"');
  await until('it holds', async () => (await product.toolNames({ token: junior })).length === 2, 1_000);
  expect(await product.toolNames({ token: junior })).toEqual(['list_issues', 'get_dashboard']);
  expect(await product.toolNames({ token: senior })).toEqual([
    'list_issues',
    'create_issue',
    'get_dashboard',
    'delete_dashboard',
  ]);
  expect(await product.toolNames({ token: lead })).toContain('roll_out');
  expect((await product.call('roll_out', {}, { token: lead })).message.error?.code).toBe(428);
}, 60_000);
