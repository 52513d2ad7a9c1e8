import { inflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { policyBody, policyDigest } from '../../domain/policy-body.ts';
import { isoTime } from '../../platform/clock.ts';
import { prunePolicyVersions, readPolicyAt, readPolicyVersion } from '../../platform/policy-history.ts';
import { startKit, type Kit } from '../kit.contract.ts';

let kit: Kit;
beforeEach(async () => void (kit = await startKit()));
afterEach(() => kit[Symbol.asyncDispose]());

const params = { workspace: 'acme' };
const start = Date.UTC(2026, 10, 21, 12);
const versions = () => kit.database.db.selectFrom('policy_versions').selectAll().orderBy('version').execute();
const bodies = () => kit.database.db.selectFrom('policy_bodies').selectAll().execute();

it('[AUD-07] every version is kept with its time, its digest and the event it followed from', async () => {
  kit.advance(1_000);
  await kit.owner.servers.create({ params, body: { name: 'one', url: 'https://one.example.com/mcp' } });
  const snapshot = await kit.snapshot('acme');
  const [event] = (await kit.owner.auditEvents.list({ params })).items;
  const kept = await readPolicyVersion(kit.database.db, snapshot.workspace.id, snapshot.version);
  expect(kept).toMatchObject({
    digest: policyDigest(policyBody(snapshot)),
    createdAt: isoTime(start + 1_000),
    eventId: event!.id,
    intact: true,
    snapshot: { version: snapshot.version, servers: [{ slug: 'one' }] },
  });
  // What is made of a kept policy is that policy again.
  expect(policyBody(kept!.snapshot)).toBe(
    policyBody({ ...snapshot, servers: [{ ...snapshot.servers[0]!, credential: null }] }),
  );
  const before = await readPolicyAt(kit.database.db, snapshot.workspace.id, isoTime(start + 999));
  expect([before!.snapshot.servers, before!.version < snapshot.version]).toEqual([[], true]);
  expect(await readPolicyAt(kit.database.db, snapshot.workspace.id, isoTime(start - 1))).toBeUndefined();
});

it('[AUD-02] holds no token hash, no sealed credential and nothing of a query that may be a secret', async () => {
  const { secret } = await kit.owner.tokens.issue({ params, body: { label: 'x' } });
  const url = 'https://one.example.com/mcp?key=CANARY-query';
  await kit.owner.servers.create({ params, body: { name: 'one', url } });
  const one = { ...params, server: 'one' };
  await kit.owner.servers.setCredential({ params: one, body: { headers: { 'x-secret-name': 'CANARY-header' } } });
  const { tokens, servers, argsSalts } = await kit.snapshot('acme');
  expect(argsSalts!.map(({ quarter }) => quarter)).toEqual(['2026Q4', '2027Q1']);
  const sealed = servers[0]!.credential!.headers[0]!.sealed;
  const texts = (await bodies()).map(({ body }) => inflateRawSync(Buffer.from(body, 'base64')).toString());
  expect(texts.length).toBeGreaterThan(2);
  for (const text of texts) {
    for (const hidden of [
      secret,
      sealed,
      'CANARY',
      ...tokens.map(({ hash }) => hash),
      ...argsSalts!.map(({ salt }) => salt),
    ])
      expect(text).not.toContain(hidden);
  }
  expect(texts.some((text) => text.includes('x-secret-name'))).toBe(true);
});

it('versions that say the same share a body', async () => {
  await kit.owner.servers.create({ params, body: { name: 'one', url: 'https://one.example.com/mcp' } });
  const before = (await bodies()).length;
  const [first] = (await versions()).slice(-1);
  for (let i = 0; i < 3; i++) {
    const { token } = await kit.owner.tokens.issue({ params, body: { label: 'x' } });
    await kit.owner.tokens.revoke({ params: { ...params, token: token.id } });
  }
  const all = await versions();
  expect(all.slice(-6).map(({ digest }) => digest === first!.digest)).toEqual([false, true, false, true, false, true]);
  expect((await bodies()).length).toBe(before + 3);
});

it('a body somebody has changed is told from the one that was kept', async () => {
  const { workspace, version } = await kit.snapshot('acme');
  const [other] = await bodies();
  await kit.owner.rules.create({ params, body: { effect: 'deny', subject: 'everybody', object: '*' } });
  await kit.database.db.updateTable('policy_bodies').set({ body: other!.body }).execute();
  const later = await readPolicyVersion(kit.database.db, workspace.id, version + 1);
  expect(later?.intact).toBe(false);
});

it('[AUD-03] forgets what no kept call can refer to, and never what is in force', async () => {
  const { workspace } = await kit.snapshot('acme');
  const hour = 3_600_000;
  for (let day = 0; day < 5; day++) {
    kit.advance(24 * hour);
    await kit.owner.workspaces.update({ params, body: { name: `Acme ${day}` } });
  }
  const all = await versions();
  const prune = (before: number) => prunePolicyVersions(kit.database.db, workspace.id, before);
  expect(await prune(start - hour)).toBe(0);
  // In force two hours after the third change: that of the third change.
  expect(await prune(start + 3 * 24 * hour + 2 * hour)).toBe(all.length - 3);
  expect((await versions()).map(({ version }) => version)).toEqual(all.slice(-3).map(({ version }) => version));
  expect(await readPolicyAt(kit.database.db, workspace.id, isoTime(start + 3 * 24 * hour + 2 * hour))).toMatchObject({
    snapshot: { workspace: { name: 'Acme 2' } },
  });
  expect(await prune(start + 1_000 * 24 * hour)).toBe(2);
  expect((await versions()).map(({ version }) => version)).toEqual([all.at(-1)!.version]);
  expect(await bodies()).toHaveLength(1);
  expect(await readPolicyVersion(kit.database.db, workspace.id, all.at(-1)!.version)).toMatchObject({ intact: true });
});
