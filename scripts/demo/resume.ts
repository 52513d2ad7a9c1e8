import type { Child } from '../lib/child.ts';
import { freePort } from '../lib/ports.ts';
import { print, step } from '../lib/steps.ts';
import { mcpnest } from './cli.ts';
import type { DemoServer, DemoState } from './servers.ts';
import { demoServers, demoUrl, demoWorkspace, writeDemoState } from './servers.ts';
import { start } from './setup.ts';

const inDemo = ['--workspace', demoWorkspace, '--json'];

/**
 * A later start: the demo's servers that are still registered run again, each on the port its URL names. What the user
 * removed or pointed elsewhere stays that way.
 */
export async function resumeDemo(dataFolder: string, state: DemoState, children: Child[]): Promise<void> {
  const { items } = await step('what is registered', () =>
    mcpnest<{ items: readonly { slug: string; url: string }[] }>('server', 'list', ...inDemo),
  );
  for (const server of demoServers) {
    const port = state.ports[server.slug];
    const registered = items.find(({ slug }) => slug === server.slug);
    if (port === undefined || registered?.url !== demoUrl(port)) continue;
    const usable = await freePort(port);
    children.push(await start(server, usable));
    if (usable === port) continue;
    print(`  Port ${port} is taken by another program; ${server.slug} listens on ${usable} instead.`);
    await step(`server ${server.slug} moved to port ${usable}`, () => move(server, port, usable));
    state.ports[server.slug] = usable;
    await writeDemoState(dataFolder, state);
  }
}

async function move({ slug }: DemoServer, from: number, to: number): Promise<void> {
  await mcpnest('network', 'allow', `127.0.0.1:${to}`, '--note', 'server of the demo', '--json');
  await mcpnest('server', 'edit', slug, '--url', demoUrl(to), ...inDemo);
  await mcpnest('network', 'revoke', `127.0.0.1:${from}`, '--yes');
}
