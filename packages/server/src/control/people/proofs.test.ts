import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSqlite } from '../../platform/database/sqlite.ts';
import { options, tempFolder } from '../../platform/journal/fixture.ts';
import { startEventChain } from '../../platform/journal/event-chain.ts';
import { openJournal } from '../../platform/journal/journal.ts';
import { createLog } from '../../platform/log.ts';
import { createSealer } from '../../platform/proof/sealer.ts';
import { verifyFolder } from '../../platform/proof/verify-folder.ts';
import { startKit } from '../kit.contract.ts';

const acme = { workspace: 'acme' };
const cy = 'cy@example.com';

it('[AUD-03] an erasure leaves nothing of the person in the file of the database, nor in its log of writes', async () => {
  using temp = tempFolder();
  const file = join(temp.dir, 'mcpnest.db');
  await using kit = await startKit(openSqlite(file));
  const written = (): number =>
    [file, `${file}-wal`].reduce((sum, path) => sum + readFileSync(path, 'latin1').split(cy).length - 1, 0);
  for (let i = 0; i < 60; i++)
    await kit.owner.teams.create({ params: acme, body: { name: `Team ${i} of ${cy}`, slug: `team-${i}` } });
  await kit.memberKey('acme', cy, 'admin');
  expect(written()).toBeGreaterThan(60);
  const { id } = await kit.owner.people.eraseEverywhere({ body: { person: cy, dryRun: true } });
  await kit.owner.people.eraseEverywhere({ body: { person: cy, confirm: id } });
  expect(written()).toBe(0);
});

it('[AUD-03][NEW-03] an erasure leaves every proof as it was, and nothing on disk names the person', async () => {
  await using kit = await startKit();
  const now = Date.UTC(2026, 10, 21, 12);
  const clock = { now: () => now, monotonic: () => now };
  const journalDir = join(kit.dataDir, 'journal');
  const { dir, nodeId, keys } = kit.proof;
  await using journal = await openJournal(options(journalDir, { nodeId, clock }));
  const macKey = kit.vault.deriveKey('journal/events');
  await using chain = startEventChain({
    ...{ db: kit.database.db, journal, nodeId, macKey, clock, log: createLog('silent') },
  });
  const sealer = createSealer({ journalDir, dir, nodeId, keys, now: clock.now });
  const verified = async () => {
    await chain.run();
    await journal.flush();
    while ((await sealer.step()).more);
    sealer.checkpoint();
    const { firstBad, logs } = verifyFolder(dir, nodeId, keys);
    expect(firstBad).toBeUndefined();
    return logs;
  };
  const events = async () => (await kit.owner.auditEvents.list({ params: acme, query: { limit: 200 } })).items;

  await kit.memberKey('acme', cy, 'admin');
  await kit.owner.rules.create({ params: acme, body: { effect: 'deny', subject: `member:${cy}`, object: '*' } });
  expect(await verified()).toHaveLength(2);
  const before = await events();
  expect(new Set(before.map((event) => event.chain.state))).toEqual(new Set(['intact']));
  const notes = readFileSync(join(dir, (await kit.snapshot('acme')).workspace.id, 'checkpoint'), 'utf8');

  const { id } = await kit.owner.people.eraseEverywhere({ body: { person: cy, dryRun: true } });
  await kit.owner.people.eraseEverywhere({ body: { person: cy, confirm: id } });
  await verified();
  const states = new Map((await events()).map((event) => [event.id, event]));
  for (const { id: eventId, detail, chain: place } of before) {
    const erased = JSON.stringify(detail).includes(cy);
    expect(states.get(eventId)!.chain).toEqual({ ...place, state: erased ? 'erased' : 'intact' });
  }
  expect([...states.values()].filter((event) => event.chain.state === 'erased')).toHaveLength(4);
  expect([...states.values()].filter((event) => event.chain.state === 'changed')).toEqual([]);
  expect(notes).not.toBe(readFileSync(join(dir, (await kit.snapshot('acme')).workspace.id, 'checkpoint'), 'utf8'));
  for (const file of readdirSync(kit.dataDir, { recursive: true, withFileTypes: true }))
    if (file.isFile()) expect(readFileSync(join(file.parentPath, file.name), 'latin1')).not.toContain(cy);
});
