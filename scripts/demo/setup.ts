import type { Child } from '../lib/child.ts';
import { freePort } from '../lib/ports.ts';
import { print, step } from '../lib/steps.ts';
import { CliError, exitConflict, mcpnest } from './cli.ts';
import type { DemoServer, DemoState } from './servers.ts';
import { demoServers, demoUrl, demoWorkspace, startDemoServer, writeDemoState } from './servers.ts';

/** What the first start hands to its user, once. */
export interface DemoCredentials {
  readonly apiKey: string | undefined;
  readonly workspaceToken: string;
}

const inDemo = ['--workspace', demoWorkspace, '--json'];

interface ListedServer {
  readonly slug: string;
  readonly url: string;
}

/**
 * The first start: owner, workspace and keys, the two servers running and registered. Every part looks first whether
 * it is there already, so a start that was cut short is finished by the next one.
 */
export async function setUpDemo(dataFolder: string, children: Child[]): Promise<DemoCredentials> {
  const state: DemoState = { complete: false, ports: {} };
  for (const server of demoServers) {
    const port = await freePort();
    state.ports[server.slug] = port;
    children.push(await start(server, port));
  }
  await writeDemoState(dataFolder, state);
  const credentials = await step(`workspace ${demoWorkspace}, its owner and keys`, bootstrapDemo);
  const registered = await listServers();
  for (const server of demoServers) {
    await step(`server ${server.slug} registered, its address opened`, async () => {
      const url = demoUrl(state.ports[server.slug] ?? 0);
      await openAddress(url);
      const present = registered.find(({ slug }) => slug === server.slug);
      if (present === undefined) await addServer(server, url);
      else await pointServer(server, url);
    });
  }
  await writeDemoState(dataFolder, { ...state, complete: true });
  return credentials;
}

/**
 * A later start: the demo servers that are still registered run again, each on the port its URL names. What the user
 * removed or pointed elsewhere stays that way.
 */
export async function resumeDemo(dataFolder: string, state: DemoState, children: Child[]): Promise<void> {
  const registered = await listServers();
  for (const server of demoServers) {
    const port = state.ports[server.slug];
    const present = registered.find(({ slug }) => slug === server.slug);
    if (port === undefined || present?.url !== demoUrl(port)) continue;
    const usable = await freePort(port);
    children.push(await start(server, usable));
    if (usable === port) continue;
    print(`  Port ${port} is taken by another program; ${server.slug} now listens on ${usable}.`);
    await step(`server ${server.slug} moved to port ${usable}`, async () => {
      await openAddress(demoUrl(usable));
      await pointServer(server, demoUrl(usable));
      await closeAddress(demoUrl(port));
      await writeDemoState(dataFolder, { ...state, ports: { ...state.ports, [server.slug]: usable } });
      state.ports[server.slug] = usable;
    });
  }
}

const start = (server: DemoServer, port: number): Promise<Child> =>
  step(`${server.packageName} on 127.0.0.1:${port}`, () => startDemoServer(server, port));

async function bootstrapDemo(): Promise<DemoCredentials> {
  try {
    return await mcpnest<DemoCredentials>('bootstrap', '--json', '--workspace', demoWorkspace);
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== exitConflict) throw error;
    const issued = await mcpnest<{ secret: string }>('token', 'issue', '--label', 'demo', ...inDemo);
    return { apiKey: undefined, workspaceToken: issued.secret };
  }
}

async function listServers(): Promise<readonly ListedServer[]> {
  const { items } = await mcpnest<{ items: readonly ListedServer[] }>('server', 'list', ...inDemo);
  return items;
}

const addServer = ({ name, slug }: DemoServer, url: string): Promise<unknown> =>
  mcpnest('server', 'add', name, '--slug', slug, '--url', url, ...inDemo);

const pointServer = ({ slug }: DemoServer, url: string): Promise<unknown> =>
  mcpnest('server', 'edit', slug, '--url', url, ...inDemo);

async function openAddress(url: string): Promise<void> {
  try {
    await mcpnest('network', 'allow', new URL(url).host, '--note', 'server of the demo', '--json');
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== exitConflict) throw error;
  }
}

const closeAddress = (url: string): Promise<unknown> => mcpnest('network', 'revoke', new URL(url).host, '--yes');
