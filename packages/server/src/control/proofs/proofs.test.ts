import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import type { TargetCreate } from '@mcpnest/contract/schemas/proofs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkBundle, checkInclusion } from '../../../../../test/proof-check.ts';
import { createDeliver } from '../../platform/deliver.ts';
import { createDialer } from '../../platform/dialer.ts';
import { createLog } from '../../platform/log.ts';
import { openCheckpoint } from '../../platform/proof/note.ts';
import { publicKeyOf } from '../../platform/proof/trust.ts';
import { startPublisher } from '../../platform/proof/publisher.ts';
import { createSealer } from '../../platform/proof/sealer.ts';
import { createSendCheckpoint } from '../../platform/proof/send-checkpoint.ts';
import { failure, startKit } from '../kit.contract.ts';
import type { Kit } from '../kit.contract.ts';
import { startS3 } from './s3.contract.ts';
import { sealCalls } from './sealed-calls.contract.ts';

let kit: Kit;
let dir: string;
beforeEach(async () => {
  kit = await startKit();
  dir = mkdtempSync(join(tmpdir(), 'mcpnest-published-'));
});
afterEach(async () => {
  rmSync(dir, { recursive: true });
  await kit[Symbol.asyncDispose]();
});

const acme = { workspace: 'acme' };
const actions = async (): Promise<string[]> =>
  (await kit.owner.auditEvents.listAll({ query: { limit: 100 } })).items.map(({ action }) => action);

describe('proofs', () => {
  it('[NEW-03][AUD-06] prove a call and export the records to a workspace admin, who is recorded for it', async () => {
    const [callId] = await sealCalls(kit, 'acme', 20);
    const admin = kit.clientOf(await kit.memberKey('acme', 'al@example.com', 'admin'));
    const proof = await admin.proofs.show({ params: { ...acme, call: callId! } });
    expect(() => checkInclusion(JSON.stringify(proof))).not.toThrow();
    expect(proof.records.map(({ line }) => (JSON.parse(line) as { kind: string }).kind)).toEqual(['intent', 'outcome']);
    const bundle = await admin.proofs.bundle({ params: acme });
    expect(checkBundle(await buffer(bundle.body))).toBe(40);
    expect(await actions()).toContain('proofs.bundle');
    const readings = await kit.database.db.selectFrom('event_counts').select(['action', 'count']).execute();
    expect(readings).toEqual(expect.arrayContaining([{ action: 'proofs.show', count: 1 }]));
    const nobodys = await failure(admin.proofs.show({ params: { ...acme, call: 'nobodys' } }));
    expect(nobodys).toMatchObject({ code: 'not_found' });
    const large = admin.proofs.show({ params: { ...acme, call: callId! }, query: { size: 1_000 } });
    expect(await failure(large)).toMatchObject({ code: 'conflict' });
  });

  it('are refused to members, of another workspace and of another node', async () => {
    const [callId] = await sealCalls(kit, 'acme', 1);
    const member = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
    expect(await failure(member.proofs.show({ params: { ...acme, call: callId! } }))).toMatchObject({
      code: 'forbidden',
    });
    expect(await failure(member.proofs.bundle({ params: acme }))).toMatchObject({ code: 'forbidden' });
    await kit.owner.workspaces.create({ body: { name: 'Other' } });
    const params = { workspace: 'other', call: callId! };
    expect(await failure(kit.owner.proofs.show({ params }))).toMatchObject({ code: 'not_found' });
    const others = await kit.owner.proofs.bundle({ params: { workspace: 'other' } });
    expect(checkBundle(await buffer(others.body))).toBe(0);
    await kit.database.db.updateTable('mcp_tool_calls').set({ node: 'node-2' }).execute();
    const elsewhere = await failure(kit.owner.proofs.show({ params: { ...acme, call: callId! } }));
    expect(elsewhere).toMatchObject({ code: 'conflict', detail: expect.stringContaining('node-2') as string });
  });
});

describe('the check of a workspace’s log', () => {
  const status = () => kit.owner.proofs.status({ params: acme });
  const checked = async () => {
    await expect.poll(async () => (await status()).running, { timeout: 10_000 }).toBeNull();
    return (await status()).lastCheck;
  };

  it('[NEW-03] is run by a workspace admin, who sees how far records are sealed and what was found', async () => {
    const admin = kit.clientOf(await kit.memberKey('acme', 'al@example.com', 'admin'));
    expect(await admin.proofs.status({ params: acme })).toMatchObject({ log: null, lastCheck: null, running: null });
    expect(await failure(admin.proofs.verify({ params: acme }))).toMatchObject({ code: 'conflict' });
    await sealCalls(kit, 'acme', 20);
    await kit.owner.checkpointTargets.create({ body: { kind: 'folder', name: 'share', path: dir } });
    const begun = await admin.proofs.verify({ params: acme });
    expect(begun.running).toMatchObject({ checked: 0, of: 40 });
    expect(await failure(admin.proofs.verify({ params: acme }))).toMatchObject({ code: 'conflict' });
    expect(await checked()).toMatchObject({ ok: true, records: 40, reason: null, requestedBy: 'al@example.com' });
    const shown = await admin.proofs.status({ params: acme });
    expect(shown.log).toMatchObject({ records: 40, verifierKey: expect.stringContaining('mcpnest/node-1') as string });
    expect(shown.published).toEqual([{ name: 'share', kind: 'folder', lastSuccessAt: null, failing: false }]);
    expect(JSON.stringify(shown)).not.toContain(dir);
    expect(await actions()).toContain('proofs.verify');
    const member = kit.clientOf(await kit.memberKey('acme', 'cy@example.com', 'member'));
    expect(await failure(member.proofs.verify({ params: acme }))).toMatchObject({ code: 'forbidden' });
    expect(await failure(member.proofs.status({ params: acme }))).toMatchObject({ code: 'forbidden' });
  });

  it('[NEW-03] finds a record that was changed, and names no file', async () => {
    await sealCalls(kit, 'acme', 20);
    const folder = join(kit.proof.dir, (await kit.snapshot('acme')).workspace.id);
    const records = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) =>
      name.startsWith('records/'),
    )!;
    const text = readFileSync(join(folder, records), 'latin1');
    writeFileSync(join(folder, records), text.replace('"kind":"outcome"', '"kind":"outcomE"'), 'latin1');
    await kit.owner.proofs.verify({ params: acme });
    expect(await checked()).toMatchObject({ ok: false, reason: expect.stringContaining('was changed') as string });
    rmSync(join(folder, records));
    await kit.owner.proofs.verify({ params: acme });
    const { reason } = (await checked())!;
    expect(reason).toContain('cannot be read');
    expect(reason).not.toContain(kit.dataDir);
  });
});

describe('the keys that sign checkpoints', () => {
  it('[NEW-03] may be listed in a file that is damaged: all else is shown, and what needs them says what to do', async () => {
    const [callId] = await sealCalls(kit, 'acme', 1);
    writeFileSync(join(kit.proof.dir, 'keys.json'), '[{"publicKey":');
    expect(await kit.owner.proofs.status({ params: acme })).toMatchObject({ key: null, log: { records: 2 } });
    expect(await kit.owner.checkpointTargets.status()).toMatchObject({ key: null, node: kit.proof.nodeId });
    await kit.owner.proofs.verify({ params: acme });
    const lastCheck = async () => (await kit.owner.proofs.status({ params: acme })).lastCheck;
    await expect.poll(lastCheck, { timeout: 10_000 }).toMatchObject({ ok: false });
    for (const needsThem of [
      kit.owner.proofKeys.list(),
      kit.owner.proofs.show({ params: { ...acme, call: callId! } }),
      kit.owner.proofs.bundle({ params: acme }),
    ]) {
      const refusal = await failure(needsThem);
      expect(refusal).toMatchObject({
        code: 'unavailable',
        detail: expect.stringContaining('proof/keys.json') as string,
      });
      expect(JSON.stringify(refusal)).not.toContain(kit.dataDir);
    }
  });

  it('[NEW-03] are rotated and shown to owners of the instance alone', async () => {
    await sealCalls(kit, 'acme', 1);
    const first = (await kit.owner.proofKeys.list()).items[0]!;
    const made = await kit.owner.proofKeys.rotate({ body: {} });
    expect(made).toMatchObject({ previous: first.publicKey, signedByPrevious: expect.any(String) as string });
    await sealCalls(kit, 'acme', 1);
    const note = readFileSync(join(kit.proof.dir, 'instance', 'checkpoint'), 'utf8');
    expect(openCheckpoint(note, [first.publicKey, made.publicKey]).signedBy).toBe(made.publicKey);
    expect(readFileSync(join(kit.dataDir, 'proof-key'), 'utf8')).toMatch(/^[A-Za-z0-9_-]+\n$/);
    const admin = kit.clientOf(await kit.memberKey('acme', 'al@example.com', 'owner'));
    expect(await failure(admin.proofKeys.list())).toMatchObject({ code: 'forbidden' });
    expect(await failure(admin.proofKeys.rotate({ body: {} }))).toMatchObject({ code: 'forbidden' });
    rmSync(join(kit.dataDir, 'proof-key'));
    expect(await failure(kit.owner.proofKeys.rotate({ body: {} }))).toMatchObject({ code: 'conflict' });
    const lost = await kit.owner.proofKeys.rotate({ body: { lost: true } });
    expect(lost).toMatchObject({ previous: made.publicKey, signedByPrevious: null });
    expect(await actions()).toContain('proofKeys.rotate');
  });
});

describe('publication', () => {
  const publisher = () => {
    const clock = { now: () => Date.now(), monotonic: () => performance.now() };
    const { db } = kit.database;
    const allow = () => db.selectFrom('network_allow').select(['host', 'port']).execute();
    const send = createSendCheckpoint({ deliver: createDeliver({ dialer: createDialer(), clock, allow }), clock });
    return startPublisher({ db, dir: kit.proof.dir, vault: kit.vault, send, clock, log: createLog('silent') });
  };

  it('[NEW-03] writes checkpoints to a folder, once, and overwrites none', async () => {
    await sealCalls(kit, 'acme', 3);
    const target = await kit.owner.checkpointTargets.create({ body: { kind: 'folder', name: 'share', path: dir } });
    {
      await using running = publisher();
      running.nudge();
      await expect.poll(() => readdirSync(dir).length).toBe(2);
      await sealCalls(kit, 'acme', 3);
      running.nudge();
      await expect.poll(() => readdirSync(dir).length).toBe(4);
      // Signed anew, but the same size and root.
      await kit.owner.proofKeys.rotate({ body: {} });
      const { dir: proofDir, nodeId, keys } = kit.proof;
      const journalDir = join(kit.dataDir, 'journal');
      const sealer = createSealer({ journalDir, dir: proofDir, nodeId, keys, now: () => Date.now() });
      await sealer.step();
      expect(sealer.checkpoint()).toHaveLength(2);
      const before = (await kit.owner.checkpointTargets.list()).items[0]!.lastSuccessAt;
      running.nudge();
      await expect
        .poll(async () => (await kit.owner.checkpointTargets.list()).items[0]!.lastSuccessAt)
        .not.toBe(before);
    }
    const files = readdirSync(dir).sort();
    expect(files[2]).toBe('mcpnest_node-1_instance-000000000000001.txt');
    const keys = (await kit.owner.proofKeys.list()).items.map(({ publicKey }) => publicKey);
    for (const file of files)
      expect(openCheckpoint(readFileSync(join(dir, file), 'utf8'), keys).size).toBeGreaterThan(0);
    expect((await kit.owner.checkpointTargets.list()).items[0]).toMatchObject({ lastError: null, failingSince: null });

    writeFileSync(join(dir, files[3]!), 'another checkpoint');
    const tried = await kit.owner.checkpointTargets.test({ params: { id: target.id } });
    expect(tried).toMatchObject({ ok: false, error: expect.stringContaining('Nothing was overwritten') as string });
    expect(readFileSync(join(dir, files[3]!), 'utf8')).toBe('another checkpoint');
  });

  it('[NEW-03] puts them into a store that speaks S3, locked, with a signature that holds', async () => {
    await sealCalls(kit, 'acme', 3);
    const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
    await using store = await startS3(secretAccessKey);
    const body = {
      kind: 's3' as const,
      name: 'store',
      url: `${store.url}/evidence`,
      prefix: 'checkpoints/',
      region: 'eu-central-1',
      accessKeyId: 'AKIDEXAMPLE',
      lock: { mode: 'COMPLIANCE' as const, days: 400 },
    };
    const right = await kit.owner.checkpointTargets.create({ body: { ...body, secretAccessKey } });
    const wrong = await kit.owner.checkpointTargets.create({ body: { ...body, name: 'wrong', secretAccessKey: 'x' } });
    const closed = await kit.owner.checkpointTargets.test({ params: { id: right.id } });
    expect(closed).toMatchObject({ ok: false, error: expect.stringContaining('mcpnest network allow') as string });
    await kit.owner.network.allow({ body: { target: `127.0.0.1:${store.port}` } });
    await using running = publisher();
    running.nudge();
    await expect.poll(() => store.stored.length, { timeout: 5_000 }).toBe(2);
    await expect
      .poll(async () => (await kit.owner.checkpointTargets.status()).targets.find(({ id }) => id === wrong.id))
      .toMatchObject({
        lastError: 'It answered with HTTP 403.',
        failingSince: expect.any(String) as string,
        lastSuccessAt: null,
      });
    const path = '/evidence/checkpoints/mcpnest_node-1_instance-000000000000001.txt';
    const first = store.stored.find((each) => each.path === path);
    expect(first).toMatchObject({
      lock: 'COMPLIANCE',
      body: readFileSync(join(kit.proof.dir, 'instance', 'checkpoint'), 'utf8'),
    });
    expect(Date.parse(first!.until!) - Date.now()).toBeGreaterThan(399 * 86_400_000);
    expect(store.refused).toEqual(['another signature']);
    const rows = JSON.stringify(await kit.database.db.selectFrom('checkpoint_targets').selectAll().execute());
    const shown = JSON.stringify(await kit.owner.checkpointTargets.status());
    expect([rows, shown].filter((said) => said.includes(secretAccessKey))).toEqual([]);
  });

  it('sends them to a web hook, tries again after a failure, and shows both', async () => {
    await sealCalls(kit, 'acme', 3);
    const got: { key: string | undefined; body: string }[] = [];
    let status = 500;
    const server = createServer((req, res) => {
      void text(req).then((body) => {
        got.push({ key: req.headers['x-key'] as string, body });
        res.writeHead(status).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await kit.owner.network.allow({ body: { target: `127.0.0.1:${port}` } });
    const url = `http://127.0.0.1:${port}/in`;
    const headers = { 'X-Key': 'the secret of the hook' };
    const hook = await kit.owner.checkpointTargets.create({ body: { kind: 'https', name: 'hook', url, headers } });
    await using running = publisher();
    running.nudge();
    const shown = async () => (await kit.owner.checkpointTargets.list()).items[0]!;
    await expect.poll(async () => (await shown()).lastError).toBe('It answered with HTTP 500.');
    // Left alone for a while.
    running.nudge();
    status = 204;
    expect(await kit.owner.checkpointTargets.test({ params: { id: hook.id } })).toEqual({ ok: true, error: null });
    expect(await actions()).toContain('checkpointTargets.test');
    expect(got).toMatchObject([{ key: 'the secret of the hook' }, { key: 'the secret of the hook' }]);
    expect(got[1]!.body).toContain('mcpnest/node-1/instance\n1\n');
    const same = kit.owner.checkpointTargets.create({ body: { kind: 'folder', name: 'hook', path: dir } });
    expect(await failure(same)).toMatchObject({ code: 'already_exists' });
    await kit.owner.checkpointTargets.remove({ params: { id: hook.id } });
    expect(await failure(kit.owner.checkpointTargets.test({ params: { id: hook.id } }))).toMatchObject({
      code: 'not_found',
    });
    server.closeAllConnections();
    server.close();
  });

  it('reach one place while another never answers, and a stop does not wait for it', async () => {
    await sealCalls(kit, 'acme', 3);
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await kit.owner.network.allow({ body: { target: `127.0.0.1:${port}` } });
    const url = `http://127.0.0.1:${port}/`;
    await kit.owner.checkpointTargets.create({ body: { kind: 'https', name: 'silent', url } });
    await kit.owner.checkpointTargets.create({ body: { kind: 'folder', name: 'share', path: dir } });
    const running = publisher();
    running.nudge();
    await expect.poll(() => readdirSync(dir).length, { timeout: 3_000 }).toBeGreaterThan(0);
    const before = performance.now();
    await running[Symbol.asyncDispose]();
    expect(performance.now() - before).toBeLessThan(5_000);
    server.closeAllConnections();
    server.close();
  });

  it('keeps to itself what an address may hold, and takes none that leads elsewhere than it seems to', async () => {
    const create = (body: object) =>
      kit.owner.checkpointTargets.create({ body: { name: 'hook', kind: 'https', ...body } as TargetCreate });
    await create({ url: 'https://hooks.example.com/path-key?token=query-key' });
    const { items } = await kit.owner.auditEvents.listAll({ query: { action: 'checkpointTargets.create' } });
    expect(items).toMatchObject([{ detail: { location: 'https://hooks.example.com' } }]);
    const store = { name: 'store', kind: 's3', region: 'x', accessKeyId: 'A', secretAccessKey: 'secret' };
    for (const body of [
      { url: 'https://user:password@hooks.example.com/' },
      { url: 'https://hooks.example.com/#a' },
      { ...store, url: 'https://s3.example.com/bucket?x=1' },
      { ...store, url: 'https://s3.example.com/bucket', prefix: '../other-bucket/' },
    ])
      expect(await failure(create(body))).toMatchObject({ code: 'invalid_input' });
  });

  it('is set up by owners of the instance alone, and status says how it goes', async () => {
    const admin = kit.clientOf(await kit.memberKey('acme', 'al@example.com', 'owner'));
    const body = { kind: 'folder', name: 'share', path: dir } as const;
    expect(await failure(admin.checkpointTargets.create({ body }))).toMatchObject({ code: 'forbidden' });
    expect(await failure(admin.checkpointTargets.status())).toMatchObject({ code: 'forbidden' });
    expect(await failure(kit.owner.checkpointTargets.create({ body: { ...body, path: 'relative' } }))).toMatchObject({
      code: 'invalid_input',
    });
    const { id } = await kit.owner.checkpointTargets.create({ body });
    expect(await failure(kit.owner.checkpointTargets.test({ params: { id } }))).toMatchObject({ code: 'conflict' });
    await sealCalls(kit, 'acme', 2);
    const status = await kit.owner.checkpointTargets.status();
    expect(publicKeyOf(status.logs[1]!.verifierKey!)).toBe(status.key);
    expect(status).toMatchObject({
      node: 'node-1',
      sealing: null,
      logs: [
        { log: expect.any(String) as string, records: 4 },
        { log: 'instance', records: 1, purged: 0 },
      ],
      targets: [{ name: 'share' }],
    });
  });
});
