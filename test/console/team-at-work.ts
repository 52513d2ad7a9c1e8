import { startEchoUpstream } from '../upstreams/echo.ts';
import type { EchoTool, EchoUpstream } from '../upstreams/echo.ts';
import { clientOf } from './harness.ts';
import type { ConsoleBench } from './harness.ts';

const tool = (name: string, description: string, readOnly = true): EchoTool => ({
  ...{ name, description, inputSchema: { type: 'object', properties: { query: { type: 'string' } } } },
  annotations: readOnly ? { readOnlyHint: true } : { destructiveHint: true },
});

const servers = [
  {
    ...{ slug: 'github', name: 'GitHub', prefix: 'gh' },
    tools: [
      tool('list_issues', 'Issues of a repository, newest first.'),
      tool('get_file', 'The content of a file at a commit.'),
      tool('delete_repo', 'Delete a repository for good.', false),
    ],
  },
  {
    ...{ slug: 'grafana', name: 'Grafana', prefix: 'grafana' },
    tools: [tool('query_metrics', 'Ask a data source for a series.'), tool('get_dashboard', 'One dashboard as JSON.')],
  },
  {
    ...{ slug: 'context7', name: 'Context7', prefix: 'docs' },
    tools: [tool('search_docs', 'Find pages of a library’s documentation.')],
  },
];

export interface TeamAtWork extends AsyncDisposable {
  /** The parts of addresses that come from data. */
  readonly ids: Readonly<Record<'team' | 'machine' | 'member' | 'call' | 'approval' | 'webhook', string>>;
}

/**
 * A workspace in use: servers that answer, a client that came, calls, one that was refused and one that waits for
 * approval, a team, a machine, a token, a rule, requests for access.
 */
export async function startTeamAtWork(bench: ConsoleBench): Promise<TeamAtWork> {
  const { product, people } = bench;
  const { client, workspace } = product;
  const params = { workspace };
  const upstreams: EchoUpstream[] = [];
  for (const { slug, name, prefix, tools } of servers) {
    const upstream = await startEchoUpstream({ tools });
    upstreams.push(upstream);
    await product.addServer({ slug, url: upstream.url, prefix });
    await client.servers.update({ params: { workspace, server: slug }, body: { name } });
  }
  const team = await client.teams.create({ params, body: { name: 'Data platform', slug: 'data-platform' } });
  const machine = await client.machines.create({ params, body: { name: 'nightly' } });
  await client.approvalSettings.update({
    params: { workspace, server: 'github' },
    body: { settings: [{ target: 'delete_repo', approval: 'required', expiresInMinutes: 60 }] },
  });
  const { items: members } = await client.members.list({ params });
  const names = ['gh_list_issues', 'gh_get_file', 'grafana_query_metrics', 'docs_search_docs'];
  for (let round = 0; round < 6; round += 1) for (const name of names) await product.call(name, { query: 'nest' });
  await product.modern('tools/list');
  const waits = async (query: string): Promise<string> => {
    const { error } = (await product.call('gh_delete_repo', { query })).message;
    return error?.data?.['approvalId'] as string;
  };
  const approval = await waits('the-product');
  await client.approvals.refuse({ params: { ...params, approval }, body: { reason: 'Not during the release.' } });
  const waiting = await waits('old-prototype');
  const [call] = await product.calls();
  const cy = members.find(({ userId }) => userId === people.cy.id)?.id ?? '';
  await client.tokens.issue({ params, body: { kind: 'member', memberId: cy, label: 'laptop' } });
  for (const rule of [
    { effect: 'deny', subject: 'everybody', object: 'grafana:get_dashboard', note: 'Of the operators' },
    { effect: 'allow', subject: `member:${people.cy.email}`, object: 'github:list_issues' },
  ] as const)
    await client.rules.create({ params, body: rule });
  const asking = clientOf(bench, people.cy).accessRequests;
  const body = { reason: 'Release checklist', days: 7 };
  const { id: request } = await asking.create({ params, body: { ...body, object: 'github:get_file' } });
  await client.accessRequests.grant({ params: { ...params, request }, body: {} });
  await asking.create({ params, body: { ...body, object: 'github:delete_repo' } });
  const { webhook } = await client.webhooks.create({ params, body: { url: 'https://chat.invalid/hooks/nest' } });
  return {
    ids: {
      team: team.slug,
      machine: machine.id,
      member: cy,
      call: call?.id ?? '',
      approval: waiting,
      webhook: webhook.id,
    },
    async [Symbol.asyncDispose]() {
      for (const upstream of upstreams) await upstream[Symbol.asyncDispose]();
    },
  };
}
