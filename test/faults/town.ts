import { bootstrapData, spawnProduct, until, type ProductData, type SpawnedProduct } from '../harness.ts';
import { openSession } from '../sessions.ts';
import { startLedgerUpstream, type Ending, type LedgerUpstream } from './ledger-upstream.ts';

export type Principal = 'junior' | 'senior' | 'lead' | 'ci' | 'workspace';
export type ServerSlug = 'old' | 'new' | 'both' | 'shaky' | 'silent' | 'vault' | 'narrow';

/** A running product with people, a machine, servers of every kind, and rules that refuse some of what is tried. */
export interface Town extends AsyncDisposable {
  readonly product: SpawnedProduct;
  readonly upstreams: Readonly<Record<ServerSlug, LedgerUpstream>>;
  readonly tokens: Readonly<Record<Principal, string>>;
  /** Ids of those tokens, as rows have them. */
  readonly tokenIds: Readonly<Record<Principal, string>>;
  /** Header fields of an open legacy session, by principal and server; of the workspace's own URL under `''`. */
  readonly sessions: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

const beyondReach = 10_000_000;
const well: readonly Ending[] = ['read', 'fail', 'object', 'slow', 'guarded'];

const servers: Readonly<Record<ServerSlug, { era: 'legacy' | 'modern' | 'both'; tools: readonly Ending[] }>> = {
  old: { era: 'legacy', tools: well },
  new: { era: 'modern', tools: well },
  both: { era: 'both', tools: well },
  shaky: { era: 'legacy', tools: ['read', 'break'] },
  silent: { era: 'both', tools: ['read', 'hang'] },
  vault: { era: 'legacy', tools: well },
  narrow: { era: 'both', tools: well },
};
export const slugs = Object.keys(servers) as ServerSlug[];
export const toolsOf = (slug: ServerSlug): readonly Ending[] => servers[slug].tools;

/** How long the server `silent` may take; milliseconds. */
const deadlineMs = 150;
/** Calls a minute that `narrow` takes; the rest are throttled. */
const narrowPerMinute = 60;

export async function buildTown(): Promise<Town> {
  await using stack = new AsyncDisposableStack();
  const data: ProductData = stack.use(await bootstrapData());
  const product = stack.use(await spawnProduct({ data }));
  const { client, workspace } = product;
  const params = { workspace };
  const ceilings = { principalPerMinute: beyondReach, workspacePerMinute: beyondReach, writePerMinute: beyondReach };
  await client.workspaces.update({ params, body: { settings: { limits: ceilings } } });
  const upstreams = {} as Record<ServerSlug, LedgerUpstream>;
  for (const slug of slugs) {
    const { era, tools } = servers[slug];
    upstreams[slug] = stack.use(await startLedgerUpstream(era, tools));
    const limits = {
      perMinute: slug === 'narrow' ? narrowPerMinute : beyondReach,
      toolPerMinute: beyondReach,
      ...(slug === 'silent' ? { deadlineMs } : {}),
    };
    await product.addServer({ slug, url: upstreams[slug].url, prefix: slug, limits });
  }
  const { tokens, tokenIds } = await settle(product);
  const sessions = new Map<string, Record<string, string>>();
  for (const [name, token] of Object.entries(tokens))
    for (const server of [undefined, ...slugs]) {
      if (server === 'vault' && name !== 'lead' && name !== 'workspace') continue;
      const { headers } = await openSession(product, { token, ...(server === undefined ? {} : { server }) });
      sessions.set(`${name} ${server ?? ''}`, headers);
    }
  const all = stack.move();
  return { product, upstreams, tokens, tokenIds, sessions, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** People, a machine, rules: the junior may not call `both`, only the lead knows `vault`, `guarded` needs approval. */
async function settle({ client, workspace, workspaceToken, toolNames }: SpawnedProduct) {
  const params = { workspace };
  const member = async (name: string): Promise<string> =>
    (await client.members.add({ params, body: { email: `${name}@example.com` } })).id;
  const [junior, senior, lead] = [await member('junior'), await member('senior'), await member('lead')];
  const leads = await client.teams.create({ params, body: { name: 'Leads' } });
  await client.teams.addMember({ params: { ...params, team: leads.slug, member: lead } });
  const machine = await client.machines.create({ params, body: { name: 'ci', ownerId: lead } });
  for (const slug of ['old', 'new', 'shaky', 'silent', 'narrow'])
    await client.rules.create({
      params,
      body: { effect: 'allow', subject: 'member:junior@example.com', object: `${slug}:*` },
    });
  await client.servers.update({ params: { ...params, server: 'vault' }, body: { visibility: ['team:leads'] } });
  await client.approvalSettings.update({
    params: { ...params, server: 'old' },
    body: { settings: [{ target: 'guarded', approval: 'required' }] },
  });
  await client.workspaces.update({ params, body: { settings: { access: { enforcement: true } } } });
  const issue = async (body: { kind?: 'member' | 'machine'; memberId?: string; machineId?: string }) => {
    const { token, secret } = await client.tokens.issue({ params, body: { label: 'books', ...body } });
    return [secret, token.id] as const;
  };
  const issued = {
    junior: await issue({ kind: 'member', memberId: junior }),
    senior: await issue({ kind: 'member', memberId: senior }),
    lead: await issue({ kind: 'member', memberId: lead }),
    ci: await issue({ kind: 'machine', machineId: machine.id }),
    workspace: await issue({}),
  };
  const all = slugs.flatMap((slug) => toolsOf(slug).map((tool) => `${slug}_${tool}`));
  const forJunior = all.filter((name) => !name.startsWith('both_') && !name.startsWith('vault_'));
  await until(
    'the rules hold',
    async () =>
      (await toolNames({ token: issued.junior[0] })).length === forJunior.length &&
      (await toolNames({ token: workspaceToken })).length >= all.length - toolsOf('vault').length,
  );
  const each = <T>(of: (made: readonly [string, string]) => T): Record<Principal, T> => ({
    junior: of(issued.junior),
    senior: of(issued.senior),
    lead: of(issued.lead),
    ci: of(issued.ci),
    workspace: of(issued.workspace),
  });
  return { tokens: each(([secret]) => secret), tokenIds: each(([, id]) => id) };
}
