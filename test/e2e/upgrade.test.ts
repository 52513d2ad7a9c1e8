import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { hashToken, mintToken } from '../../packages/server/src/domain/token.ts';
import { defaultWorkspaceSettings } from '../../packages/server/src/domain/snapshot.ts';
import { bootstrapData, startProduct } from '../harness.ts';

const firstMigration = new URL('../../packages/server/src/platform/database/migrations/0001-init.sql', import.meta.url);

/** A database as the first release left it: one workspace with one token, and the snapshot of that release. */
function writeFirstRelease(file: string, token: string): void {
  const at = '2026-01-02T03:04:05.000Z';
  const settings = JSON.stringify(defaultWorkspaceSettings);
  const hash = hashToken(token);
  const listed = { id: 't', hash, kind: 'workspace', memberId: null, label: 'old', scope: null, expiresAt: null };
  const body = {
    format: 1,
    version: 7,
    workspace: { id: 'w', slug: 'acme', name: 'Acme' },
    settings: defaultWorkspaceSettings,
    ...{ servers: [], disabledServerIds: [], tokens: [listed], networkAllow: [] },
  };
  using database = new DatabaseSync(file);
  database.exec(readFileSync(firstMigration, 'utf8'));
  database.exec('create table migrations (name text primary key, applied_at text not null)');
  database.prepare('insert into migrations values (?, ?)').run('0001-init.sql', at);
  database
    .prepare('insert into gateway_workspaces values (?, ?, ?, ?, ?, ?)')
    .run('w', 'acme', 'Acme', settings, at, at);
  database
    .prepare(
      `insert into gateway_tokens (id, workspace_id, kind, label, hash, hint, created_at, created_by)
       values ('t', 'w', 'workspace', 'old', ?, '', ?, 'local-cli')`,
    )
    .run(hash, at);
  database.prepare('insert into workspace_snapshots values (?, ?, ?, ?)').run('w', 7, JSON.stringify(body), at);
}

it('[TOK-07] tokens issued before an upgrade work after it, from a snapshot that this release has compiled', async () => {
  using data = await bootstrapData();
  const file = join(data.dir, 'mcpnest.db');
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
  const token = mintToken('mng_');
  writeFirstRelease(file, token);
  await using product = await startProduct({ data });
  const { message } = await product.modern('tools/list', {}, { token, workspace: 'acme' });
  expect(message.result).toMatchObject({ tools: [] });
  using database = new DatabaseSync(file, { readOnly: true });
  const row = database.prepare('select version, body from workspace_snapshots').get();
  expect(row).toMatchObject({ version: 8 });
  expect(JSON.parse(String(row?.['body']))).toMatchObject({
    version: 8,
    tokens: [{ id: 't', kind: 'workspace', machineId: null, teams: [] }],
  });
});
