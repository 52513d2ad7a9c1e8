import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { Secret } from '../../domain/secret.ts';
import { insertEvent } from '../audit-events.ts';
import { systemClock } from '../clock.ts';
import { migrate } from '../database/migrate.ts';
import { openPostgres } from '../database/postgres.ts';
import { countEvent } from '../event-counts.ts';
import { createLog } from '../log.ts';
import { startEventChain } from './event-chain.ts';
import { macKey, options, readRecords, tempFolder } from './fixture.ts';
import { openJournal } from './journal.ts';

it('[AUD-05] of two nodes on one database each event is in exactly one journal, and each minute counted once', async () => {
  await using server = await startPostgres();
  await using databases = new AsyncDisposableStack();
  const [one, other] = [0, 1].map(() => databases.use(openPostgres(new Secret(server.url))));
  await migrate(one!, systemClock);
  using folder = tempFolder();
  const dirs = ['node-1', 'node-2'].map((node) => join(folder.dir, node));
  await using journals = new AsyncDisposableStack();
  await using chains = new AsyncDisposableStack();
  const started = [];
  for (const [i, database] of [one!, other!].entries()) {
    const nodeId = `node-${i + 1}`;
    const journal = journals.use(await openJournal(options(dirs[i]!, { nodeId })));
    const parts = { db: database.db, journal, nodeId, macKey, clock: systemClock, log: createLog('silent') };
    started.push(chains.use(startEventChain(parts)));
  }
  const event = { workspaceId: null, actor: 'local-cli', action: 'a', target: 'note:Größe', detail: { text: 'ü' } };
  const ids: string[] = [];
  // Minutes that are over already, so that both nodes are after the same rows.
  for (let i = 0; i < 60; i++)
    await countEvent(one!.db, { ...event, target: `${i}` }, systemClock.now() - 120_000 - (i % 3) * 60_000);
  const adding = (async () => {
    for (let i = 0; i < 600; i++) ids.push(await insertEvent([one, other][i % 2]!.db, event, systemClock.now()));
  })();
  for (let i = 0; i < 30; i++) await Promise.all(started.map((chain) => chain.run()));
  await adding;
  for (let i = 0; i < 2; i++) await Promise.all(started.map((chain) => chain.run()));

  const written = dirs.map((dir) => readRecords(dir).filter(({ kind }) => kind === 'event'));
  const all = written.flat().map(({ eventId }) => eventId as string);
  expect(new Set(all).size).toBe(660);
  expect(all).toHaveLength(660);
  expect(ids.filter((id) => !all.includes(id))).toEqual([]);
  const rows = await one!.db.selectFrom('audit_events').selectAll().execute();
  const places = new Map(rows.map((row) => [row.id, [row.chain_node, row.chain_epoch, row.chain_seq]]));
  for (const { eventId, node, epoch, seq } of written.flat()) {
    expect(places.get(eventId as string)).toEqual([node, epoch, seq]);
  }
  expect(await one!.db.selectFrom('event_counts').selectAll().execute()).toEqual([]);
}, 60_000);
