import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '@mcpnest/contract/client';
import type { Operation } from '@mcpnest/contract/operation';
import { allOperations } from '@mcpnest/contract/operations';
import { approvalRow } from './approval-row.contract.ts';
import { callRow } from './call-row.contract.ts';
import { failure, isLive, startKit } from './kit.contract.ts';
import type { Kit } from './kit.contract.ts';

/**
 * Two tenants, and every object of the one asked for by the owner of the other: in the path of every operation that
 * names an object, and in every body that does. Operations come from the contract, so one that is added is tried too.
 */
let kit: Kit;
let eve: Client;
let eveKey: string;
/** What the browser sends in which she is signed in. */
let eveSignedIn: Record<string, string>;
/** Place-holders of paths → what acme has by that name. */
let ids: Record<string, string>;

const acme = { workspace: 'acme' };
const other = { workspace: 'other' };

beforeAll(async () => {
  kit = await startKit();
  const { owner } = kit;
  await owner.servers.create({ params: acme, body: { name: 'acme-one', url: 'https://one.example.com/mcp' } });
  const member = await owner.members.add({ params: acme, body: { email: 'cy@example.com' } });
  const { apiKey } = await owner.apiKeys.issue({
    params: acme,
    body: { email: 'cy@example.com', role: 'member', label: 'k' },
  });
  const team = await owner.teams.create({ params: acme, body: { name: 'acme-team' } });
  await owner.teams.addMember({ params: { ...acme, team: team.slug, member: member.id } });
  const machine = await owner.machines.create({ params: acme, body: { name: 'acme-machine', ownerId: member.id } });
  const { token } = await owner.tokens.issue({
    params: acme,
    body: { kind: 'machine', machineId: machine.id, label: 't' },
  });
  const { invitation } = await owner.invitations.create({ params: acme, body: { email: 'ina@example.com' } });
  const cy = kit.clientOf(
    (await owner.apiKeys.issue({ params: acme, body: { email: 'cy@example.com', role: 'member', label: 'cy' } }))
      .secret,
  );
  await owner.allowlists.replace({ params: { ...acme, member: member.id }, body: { entries: ['acme-one:listed'] } });
  const request = (await cy.accessRequests.create({ params: acme, body: { object: 'acme-one:x', reason: 'to see' } }))
    .id;
  const rule = await owner.rules.create({
    params: acme,
    body: { effect: 'deny', subject: 'member:cy@example.com', object: 'acme-one:*' },
  });
  const published = {
    name: 'acme-manifest',
    owner: 'acme-team',
    upstream: 'https://two.example.com/mcp',
    visibility: 'member:cy@example.com',
  };
  await owner.manifests.put({ params: { ...acme, manifest: published.name }, body: published });
  // Nobody listens there, so the first delivery fails at once.
  await owner.network.allow({ body: { target: '127.0.0.1:1' } });
  await kit.allowHosting();
  const env = { FILES_ROOT: '/data', FILES_KEY: 'cy@example.com' };
  const { instance_id: instance } = await owner.hosted.deploy({ body: { ...acme, slug: 'files', env } });
  const hook = await owner.webhooks.create({ params: acme, body: { url: 'http://127.0.0.1:1/acme' } });
  const stop = (await owner.stops.create({ params: acme, body: { target: 'server:acme-one', reason: 'to try it' } }))
    .id;
  const hold = await owner.holds.request({ params: acme, body: { name: 'Case 12', reason: 'to try it' } });
  await owner.drills.start({ params: { ...acme, server: 'acme-one' }, body: {} });
  const sink = { kind: 'http', name: 'acme-sink', url: 'https://siem.example.com/in' } as const;
  const { id: sinkId } = (await owner.sinks.create({ params: acme, body: sink })).sink;
  const asked = { token_id: token.id, workspace_id: (await kit.snapshot('acme')).workspace.id };
  const row = approvalRow(Date.UTC(2026, 10, 21, 12), asked);
  await kit.database.db.insertInto('approvals').values(row).execute();
  const recorded = callRow(Date.UTC(2026, 10, 21, 12), asked);
  await kit.database.db.insertInto('mcp_tool_calls').values(recorded).execute();
  const { items: deliveries } = await owner.webhooks.deliveries({ params: { ...acme, webhook: hook.webhook.id } });
  ids = {
    ...{ webhook: hook.webhook.id, delivery: deliveries[0]!.id },
    ...{ server: 'acme-one', member: member.id, key: apiKey.id, team: team.slug, machine: machine.id },
    ...{ token: token.id, invitation: invitation.id, rule: rule.id, request, stop, manifest: published.name },
    ...{ approval: row.id, hold: hold.id, sink: sinkId, call: recorded.id, instance },
  };
  await owner.workspaces.create({ body: { name: 'Other' } });
  eveKey = await kit.memberKey('other', 'eve@example.com', 'owner');
  eve = kit.clientOf(eveKey);
  eveSignedIn = (await kit.signIn('eve@example.com')).headers;
});
afterAll(() => kit[Symbol.asyncDispose]());

/** Putting a manifest makes what is not there; what it may name has a test of its own below. */
const namesObject = (operation: Operation): boolean =>
  (operation.scope === 'named' && Object.keys(operation.params.shape).length > 0) ||
  (operation.scope === 'workspace' &&
    Object.keys(operation.params.shape).length > 1 &&
    operation.id !== 'manifests.put');
const pathOf = (operation: Operation, workspace: string): string =>
  operation.path.replace(/\{(\w+)\}/g, (_, key: string) => (key === 'workspace' ? workspace : (ids[key] ?? key)));
/** Everything acme has, as an auditor sees it. */
const stateOfAcme = async () => [
  await kit.snapshot('acme'),
  (await kit.owner.auditEvents.list({ params: acme, query: { limit: 200 } })).items,
];

it('tries an object of every kind', () => {
  const kinds = allOperations.filter(namesObject).flatMap((operation) => Object.keys(operation.params.shape));
  expect(new Set(kinds)).toEqual(new Set(['workspace', ...Object.keys(ids)]));
});

describe.each(allOperations.filter(namesObject).map((operation) => [operation.id, operation] as const))(
  '%s',
  (_, operation) => {
    it.each([
      ['other', 'by key'],
      ['acme', 'by key'],
      ['other', 'signed in'],
      ['acme', 'signed in'],
    ])('[GW-16] of what is acme’s is not found by the owner of other, asked in %s, %s', async (workspace, how) => {
      const before = await stateOfAcme();
      const body = operation.body === null ? undefined : (operation.example ?? {});
      const as = how === 'by key' ? { key: eveKey } : { key: null, headers: eveSignedIn };
      const response = await kit.send(operation.method, pathOf(operation, workspace), { ...as, body });
      const text = await response.text();
      expect([response.status, JSON.parse(text)]).toMatchObject([404, { code: 'not_found' }]);
      expect(text).not.toMatch(/cy@example\.com|ina@example\.com/);
      expect(await stateOfAcme()).toEqual(before);
    });
  },
);

it('[GW-16] no body reaches into another workspace', async () => {
  const before = await stateOfAcme();
  const own = await eve.machines.create({ params: other, body: { name: 'ci' } });
  const team = await eve.teams.create({ params: other, body: { name: 'ops' } });
  const label = 'x';
  const attempts = [
    () => eve.tokens.issue({ params: other, body: { kind: 'member', memberId: ids.member!, label } }),
    () => eve.tokens.issue({ params: other, body: { kind: 'machine', machineId: ids.machine!, label } }),
    () => eve.machines.create({ params: other, body: { name: 'x', ownerId: ids.member! } }),
    () => eve.machines.update({ params: { ...other, machine: own.id }, body: { ownerId: ids.member! } }),
    () => eve.teams.addMember({ params: { ...other, team: team.slug, member: ids.member! } }),
    () => eve.teams.removeMember({ params: { ...other, team: team.slug, member: ids.member! } }),
    () => eve.people.erase({ params: other, body: { person: 'cy@example.com', dryRun: true } }),
    () => eve.holds.request({ params: other, body: { name: label, reason: label, scope: `member:${ids.member!}` } }),
    () => eve.apiKeys.issue({ params: other, body: { email: 'cy@example.com', role: 'member', label } }),
  ];
  for (const attempt of attempts) expect(await failure(attempt())).toMatchObject({ code: 'not_found' });
  const invitation = { email: 'x@example.com', teams: [ids.team!] };
  expect(await failure(eve.invitations.create({ params: other, body: invitation }))).toMatchObject({
    issues: [{ path: 'body.teams.0' }],
  });
  const subjects = [`member:${ids.member!}`, 'member:cy@example.com', `machine:${ids.machine!}`, 'team:acme-team'];
  for (const subject of subjects) {
    const body = { effect: 'allow', subject, object: '*' } as const;
    expect(await failure(eve.rules.create({ params: other, body }))).toMatchObject({
      issues: [{ path: 'body.subject' }],
    });
    const document = { format: 'mcpnest-rules/1' as const, rules: [body] };
    expect(await failure(eve.policy.import({ params: other, body: { document } }))).toMatchObject({
      issues: [{ path: 'body.document.rules.0.subject' }],
    });
    expect(await failure(eve.policy.simulate({ params: other, body: { document } }))).toMatchObject({
      issues: [{ path: 'body.document.rules.0.subject' }],
    });
    const server = { name: 'mine', url: 'https://mine.example.com/mcp', visibility: [subject] };
    expect(await failure(eve.servers.create({ params: other, body: server }))).toMatchObject({
      issues: [{ path: 'body.visibility.0' }],
    });
  }
  const manifest = { name: 'acme-manifest', owner: team.slug, upstream: 'https://mine.example.com/mcp' };
  const put = (change: object) =>
    failure(eve.manifests.put({ params: { ...other, manifest: manifest.name }, body: { ...manifest, ...change } }));
  expect(await put({ owner: 'acme-team' })).toMatchObject({ issues: [{ path: 'body.owner' }] });
  for (const visibility of subjects) {
    expect(await put({ visibility })).toMatchObject({ issues: [{ path: 'body.visibility.0' }] });
  }
  expect(
    await failure(eve.manifests.put({ params: { ...acme, manifest: manifest.name }, body: manifest })),
  ).toMatchObject({
    code: 'not_found',
  });
  const publishing = { teams: ['acme-team'] };
  expect(await failure(eve.workspaces.update({ params: other, body: { settings: { publishing } } }))).toMatchObject({
    issues: [{ path: 'body.settings.publishing.teams' }],
  });
  const about = { effect: 'allow', subject: 'everybody', object: 'acme-one:x' } as const;
  expect(await failure(eve.rules.create({ params: other, body: about }))).toMatchObject({
    issues: [{ path: 'body.object' }],
  });
  for (const query of [
    { member: ids.member! },
    { member: 'cy@example.com' },
    { machine: ids.machine! },
    { server: 'acme-one' },
  ]) {
    expect(await failure(eve.access.explain({ params: other, query }))).toMatchObject({ code: 'not_found' });
  }
  for (const query of [
    { member: ids.member! },
    { machine: 'acme-machine' },
    { team: 'acme-team' },
    { team: ids.team! },
  ]) {
    expect(await failure(eve.toolWeights.show({ params: other, query }))).toMatchObject({ code: 'not_found' });
  }
  expect(await stateOfAcme()).toEqual(before);
});

it('[GW-16] hosted servers are listed and deployed in no other workspace', async () => {
  for (const attempt of [
    () => eve.hosted.list({ query: acme }),
    () => eve.hosted.deploy({ body: { ...acme, slug: 'files', env: {} } }),
  ])
    expect(await failure(attempt())).toMatchObject({ code: 'not_found' });
  expect(await eve.hosted.list({ query: other })).toEqual({ items: [] });
});

it('[GW-16] every list holds what is of its workspace and nothing else', async () => {
  const mine = Object.values(ids);
  const lists = allOperations.filter(
    ({ method, scope, params, response }) =>
      method === 'GET' && scope === 'workspace' && Object.keys(params.shape).length === 1 && !isLive(response),
  );
  expect(lists.length).toBeGreaterThan(7);
  for (const operation of lists) {
    const text = await (await kit.send('GET', pathOf(operation, 'other'), { key: eveKey })).text();
    expect([operation.id, mine.filter((id) => text.includes(id))]).toEqual([operation.id, []]);
  }
});
