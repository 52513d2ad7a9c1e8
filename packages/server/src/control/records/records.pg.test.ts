import { expect, it } from 'vitest';
import { startPostgres } from '../../../../../test/servers/postgres.ts';
import { Secret } from '../../domain/secret.ts';
import { openPostgres } from '../../platform/database/postgres.ts';
import { destroyDigestKeys } from '../../platform/digest-salts.ts';
import { startEventChain } from '../../platform/journal/event-chain.ts';
import { options, tempFolder } from '../../platform/journal/fixture.ts';
import { openJournal } from '../../platform/journal/journal.ts';
import { createLog } from '../../platform/log.ts';
import { prunePolicyVersions } from '../../platform/policy-history.ts';
import { callRow } from '../call-row.contract.ts';
import { startKit } from '../kit.contract.ts';

it('[AUD-05][AUD-07][AUD-09] on PostgreSQL calls are explained, the past is asked, events are in the chain, and old policies go', async () => {
  await using postgres = await startPostgres();
  await using kit = await startKit(openPostgres(new Secret(postgres.url)));
  using folder = tempFolder();
  const params = { workspace: 'acme' };
  const { db } = kit.database;
  let now = Date.UTC(2026, 10, 21, 12);
  const clock = { now: () => now, monotonic: () => now };
  const advance = (ms: number): void => {
    now += ms;
    kit.advance(ms);
  };
  await using journal = await openJournal(options(folder.dir, { clock }));
  const macKey = kit.vault.deriveKey('journal/events');
  await using chain = startEventChain({ db, journal, nodeId: 'node-1', macKey, clock, log: createLog('silent') });

  await kit.owner.servers.create({ params, body: { name: 'github', url: 'https://github.example.com/mcp' } });
  const body = { effect: 'deny', subject: 'everybody', object: 'github:drop', absolute: true } as const;
  const rule = await kit.owner.rules.create({ params, body });
  const { workspace, version, tokens, servers } = await kit.snapshot('acme');
  advance(1_000);
  const call = callRow(now, {
    ...{ workspace_id: workspace.id, token_id: tokens[0]!.id, policy_version: version },
    ...{ server_id: servers[0]!.id, tool_name: 'drop', rule: `rule:${rule.id}`, outcome: 'denied', status: 403 },
  });
  await db.insertInto('mcp_tool_calls').values(call).execute();
  const deniedAt = new Date(now).toISOString();
  advance(1_000);
  await kit.owner.rules.remove({ params: { ...params, rule: rule.id } });

  const explanation = await kit.owner.calls.explain({ params: { ...params, call: call.id } });
  expect(explanation).toMatchObject({
    verdict: 'same',
    decision: { effect: 'deny', authorEmail: 'ada@example.com' },
    policy: { version, intact: true, asRecorded: null },
  });
  const then = await kit.owner.access.asOf({ params, query: { at: deniedAt, show: 'all' } });
  expect(then.items).toMatchObject([{ subject: 'workspace token', tool: 'drop', verdict: 'denied', known: 'names' }]);
  const changes = await kit.owner.access.changes({ params });
  expect(changes.policyBefore.version).toBeLessThan(changes.policyAfter.version);

  advance(60_000);
  await chain.run();
  await chain.run();
  const { items } = await kit.owner.auditEvents.list({ params });
  expect(new Set(items.map(({ chain: { state } }) => state))).toEqual(new Set(['intact']));
  expect(items.map(({ action }) => action)).toEqual(expect.arrayContaining(['calls.explain', 'access.asOf']));

  await db.deleteFrom('mcp_tool_calls').execute();
  advance(400 * 86_400_000);
  expect(await prunePolicyVersions(db, workspace.id, now)).toBe(version);
  expect(await db.selectFrom('policy_bodies').select('digest').execute()).toHaveLength(1);
  expect(await destroyDigestKeys(db, workspace.id, now)).toBe(1);
}, 60_000);
