import type { Client } from '@mcpnest/contract/client';
import { ApiError, createClient } from '@mcpnest/contract/client';

import type { Child } from '../lib/child.ts';
import { freePort } from '../lib/ports.ts';
import { step } from '../lib/steps.ts';
import { CliError, exitConflict, mcpnest } from './cli.ts';
import type { DemoServer, DemoState } from './servers.ts';
import { demoServers, demoUrl, demoWorkspace, startDemoServer, writeDemoState } from './servers.ts';

/** What the first start hands to its user, once. */
export interface DemoCredentials {
  readonly apiKey: string;
  readonly workspaceToken: string;
}

/** A first start under way: to be registered once the gateway serves. */
export interface PreparedDemo {
  readonly state: DemoState;
  readonly credentials: DemoCredentials;
}

const ownerEmail = 'owner@mcpnest.internal';

/**
 * The first half of a first start: owner, workspace and keys, and the demo's servers running. Every part looks whether
 * it is there already, so that a start that was cut short is finished by the next one.
 */
export async function prepareDemo(dataFolder: string, children: Child[]): Promise<PreparedDemo> {
  const state: DemoState = { complete: false, ports: {} };
  for (const { slug } of demoServers) state.ports[slug] = await freePort();
  await writeDemoState(dataFolder, state);
  const [credentials] = await Promise.all([
    step(`workspace ${demoWorkspace}, its owner and keys`, obtainCredentials),
    ...demoServers.map(async (server) => children.push(await start(server, portOf(state, server)))),
  ]);
  return { state, credentials };
}

/** The second half, against the running gateway: the servers are registered and their addresses opened, as a user would. */
export async function registerDemo(
  url: string,
  dataFolder: string,
  { state, credentials }: PreparedDemo,
): Promise<void> {
  const client = createClient({ baseUrl: url, apiKey: credentials.apiKey });
  for (const server of demoServers) {
    await step(`server ${server.slug} registered, its address opened`, () =>
      register(client, server, portOf(state, server)),
    );
  }
  await writeDemoState(dataFolder, { ...state, complete: true });
}

const portOf = (state: DemoState, { slug }: DemoServer): number => state.ports[slug] ?? 0;

export const start = (server: DemoServer, port: number): Promise<Child> =>
  step(`${server.packageName} on 127.0.0.1:${port}`, () => startDemoServer(server, port));

/** Set the instance up; where an earlier start got as far as that, issue what it would have handed out. */
export async function obtainCredentials(): Promise<DemoCredentials> {
  try {
    return await mcpnest<DemoCredentials>('bootstrap', '--workspace', demoWorkspace, '--email', ownerEmail, '--json');
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== exitConflict) throw error;
    const key = ['key', 'issue', '--role', 'owner', '--email', await presentOwner(), '--label', 'demo', '--json'];
    const token = ['token', 'issue', '--workspace', demoWorkspace, '--label', 'demo', '--json'];
    const apiKey = await mcpnest<{ secret: string }>(...key);
    const workspaceToken = await mcpnest<{ secret: string }>(...token);
    return { apiKey: apiKey.secret, workspaceToken: workspaceToken.secret };
  }
}

/** Whoever finishes the set-up gives the owner their own address; the first key stays that owner's. */
async function presentOwner(): Promise<string> {
  const { items } = await mcpnest<{ items: readonly KeyItem[] }>('key', 'list', '--json');
  const [first] = items
    .filter(({ role }) => role === 'owner')
    .toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  return first?.email ?? ownerEmail;
}

interface KeyItem {
  readonly email: string;
  readonly role: string;
  readonly createdAt: string;
}

async function register(client: Client, { slug, name }: DemoServer, port: number): Promise<void> {
  const params = { workspace: demoWorkspace };
  const url = demoUrl(port);
  await unlessPresent(client.network.allow({ body: { target: `127.0.0.1:${port}`, note: 'server of the demo' } }));
  const { items } = await client.servers.list({ params });
  if (items.some((server) => server.slug === slug)) {
    await client.servers.update({ params: { ...params, server: slug }, body: { url } });
  } else {
    await client.servers.create({ params, body: { slug, name, url } });
  }
}

async function unlessPresent(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ApiError) || error.problem.code !== 'already_exists') throw error;
  }
}
