/**
 * `npm start`: the gateway on an embedded database. On an empty data folder also a demo workspace with two published
 * MCP servers, which run again at later starts. Options: --no-demo, --watch, --verbose.
 */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { ensureConsole, watchConsole } from './console/ensure.ts';
import { printBanner } from './demo/banner.ts';
import type { Gateway } from './demo/gateway.ts';
import { refuseTakenPort, startGateway } from './demo/gateway.ts';
import { readDemoState } from './demo/servers.ts';
import { resumeDemo } from './demo/resume.ts';
import type { PreparedDemo } from './demo/setup.ts';
import { prepareDemo, registerDemo } from './demo/setup.ts';
import { countTools } from './demo/try.ts';
import type { Child } from './lib/child.ts';
import { print, Problem, runTask, step } from './lib/steps.ts';
import { root } from './lib/tool.ts';

/** Milliseconds the gateway may take to end: calls in flight have 30 s. */
const gatewayGrace = 35_000;

await runTask(async () => {
  const { values: options } = readOptions();
  const dataFolder = resolve(root, process.env['MCPNEST_DATA_DIR'] ?? 'data');
  const children: Child[] = [];
  const told = stopSignal();
  const running = run(options, dataFolder, children);
  try {
    return await Promise.race([told.then(() => 0), running]);
  } finally {
    running.catch(() => undefined);
    await endAll(children);
  }
});

interface Options {
  readonly 'no-demo': boolean;
  readonly watch: boolean;
  readonly verbose: boolean;
}

function readOptions(): { values: Options } {
  const boolean = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ options: { 'no-demo': boolean, watch: boolean, verbose: boolean } });
  } catch (error) {
    throw new Problem(
      `${error instanceof Error ? error.message : String(error)}\nOptions: --no-demo --watch --verbose`,
    );
  }
}

async function run(options: Options, dataFolder: string, children: Child[]): Promise<number> {
  await refuseTakenPort();
  await ensureConsole();
  if (options.watch) watchConsole();
  const state = options['no-demo'] ? undefined : readDemoState(dataFolder);
  const demo = !options['no-demo'] && (state !== undefined || isEmpty(dataFolder));
  let first: PreparedDemo | undefined;
  if (demo && state?.complete === true) await resumeDemo(dataFolder, state, children);
  else if (demo) first = await prepareDemo(dataFolder, children);

  const allLogs = options.verbose || !demo;
  const gateway = await step(
    'gateway',
    () => startGateway({ watch: options.watch, allLogs }),
    ({ url }) => `at ${url}`,
  );
  children.push(gateway.child);
  if (first !== undefined) await finishFirstStart(gateway.url, dataFolder, first);
  printBanner({
    url: gateway.url,
    setup: gateway.setup(),
    dataFolder,
    demo: demo ? { credentials: first?.credentials } : null,
  });
  return watchOver(gateway, children);
}

async function finishFirstStart(url: string, dataFolder: string, first: PreparedDemo): Promise<void> {
  await registerDemo(url, dataFolder, first);
  const { workspaceToken } = first.credentials;
  await step(
    'tools/list through the gateway',
    () => countTools(url, workspaceToken),
    (count) => `shows ${count} tools`,
  );
}

/** The gateway's end is the end of everything; a demo server's end is worth a word. */
async function watchOver(gateway: Gateway, children: readonly Child[]): Promise<number> {
  for (const child of children) {
    if (child === gateway.child) continue;
    void child.ended.then((code) => {
      if (!child.stopping)
        print(`! The demo server ${child.name} ended with exit code ${code}; its tools fail until the next start.`);
    });
  }
  const code = await gateway.child.ended;
  if (!gateway.child.stopping) print(`✗ The gateway ended with exit code ${code}.`);
  return code === 0 ? 1 : code;
}

/** Resolves at the first Ctrl-C or SIGTERM; later ones change nothing, the grace times do. */
function stopSignal(): Promise<void> {
  return new Promise((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => settle());
  });
}

/** The gateway first, so that calls in flight still reach their servers. */
async function endAll(children: readonly Child[]): Promise<void> {
  const [gateways, servers] = [true, false].map((is) => children.filter(({ name }) => (name === 'gateway') === is));
  const running = children.some((child) => child.running);
  const end = async (list: readonly Child[] = [], grace: number): Promise<void> => {
    await Promise.all(list.filter((child) => child.running).map((child) => child.stop(grace)));
  };
  const work = async (): Promise<void> => {
    await end(gateways, gatewayGrace);
    await end(servers, 3000);
  };
  if (running) await step('ended', work);
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}
