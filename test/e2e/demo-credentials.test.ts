import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { openSqlite } from '../../packages/server/src/platform/database/sqlite.ts';
import type { DemoCredentials } from '../../scripts/demo/setup.ts';
import { root, runNode } from '../../scripts/lib/tool.ts';
import { nodeEnvironment } from '../node.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcpnest-demo-'));
const dataFolder = join(folder, 'data');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The part of `npm start` that hands out keys, in a process of its own, which the environment tells its folder. */
async function obtain(): Promise<DemoCredentials> {
  const setup = pathToFileURL(join(root, 'scripts/demo/setup.ts')).href;
  const program = `const { obtainCredentials } = await import('${setup}');
    console.log(JSON.stringify(await obtainCredentials()));`;
  const env = { ...nodeEnvironment, MCPNEST_DATA_DIR: dataFolder };
  const { code, output, errors } = await runNode(['--input-type=module', '--eval', program], { env });
  expect([code, errors]).toEqual([0, '']);
  return JSON.parse(output) as DemoCredentials;
}

it('[SH-01] a first start that was cut short is finished by the next, whoever has set the instance up since', async () => {
  const first = await obtain();
  {
    await using database = openSqlite(join(dataFolder, 'mcpnest.db'));
    await database.db.updateTable('users').set({ email: 'ada@example.com', name: 'Ada' }).execute();
  }
  const second = await obtain();
  expect(second.apiKey).toMatch(/^mnk_/);
  expect(second.workspaceToken).toMatch(/^mng_/);
  expect(second.apiKey).not.toBe(first.apiKey);
}, 60_000);
