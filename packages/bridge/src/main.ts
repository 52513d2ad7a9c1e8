import { startBridge } from './bridge.ts';
import { readSecretsDocument } from './config/secrets-document.ts';
import { readListenAddress, readSettings } from './config/settings.ts';
import { SettingsError } from './config/variables.ts';
import { isHealthy } from './healthcheck.ts';
import { createLog } from './log.ts';
import { ProcessGroups } from './stdio/child.ts';
import { StartFailed } from './stdio/stdio-server.ts';

const usage = `usage: mcpnest-bridge               serve the stdio server of MCP_COMMAND over HTTP
       mcpnest-bridge healthcheck   exit 0 if the bridge of this environment serves, 1 if not
`;

/** Run the program and end the process. */
export async function run(args: readonly string[]): Promise<never> {
  const [command, ...more] = args;
  if (more.length > 0 || (command !== undefined && command !== 'healthcheck')) {
    process.stderr.write(usage);
    process.exit(2);
  }
  try {
    if (command === 'healthcheck') process.exit((await isHealthy(readListenAddress(process.env))) ? 0 : 1);
    process.exit(await serve());
  } catch (error) {
    const cannotListen = error instanceof Error && 'syscall' in error && error.syscall === 'listen';
    const known = error instanceof SettingsError || error instanceof StartFailed || cannotListen;
    const text = known ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`error: ${text}\n`);
    process.exit(1);
  }
}

/** @returns the exit code */
async function serve(): Promise<number> {
  const source = process.env['MCP_BRIDGE_SECRETS'] ?? '';
  const document = source === '' ? undefined : await readSecretsDocument(source);
  const settings = readSettings(process.env, document);
  const log = createLog((line) => process.stdout.write(line), settings.secrets);
  const told = new AbortController();
  let asked = false;
  const signalled = new Promise<NodeJS.Signals>((resolve) => {
    const heard = (name: NodeJS.Signals): void => {
      // The second signal does not ask.
      if (asked) process.exit(1);
      asked = true;
      told.abort();
      resolve(name);
    };
    process.on('SIGTERM', heard).on('SIGINT', heard).on('SIGHUP', heard);
  });

  const groups = new ProcessGroups();
  process.on('exit', () => groups.endAll());
  const bridge = await startBridge({ settings, log, groups, signal: told.signal }).catch((error: unknown) => {
    if (asked) return undefined;
    throw error;
  });
  if (bridge === undefined) return 0;
  log.info('ready', {
    host: settings.serve.host,
    port: bridge.port,
    sessions: settings.serve.sessions,
    pid: process.pid,
  });

  const why = await Promise.race([signalled, bridge.gaveUp.then(() => 'gave up' as const)]);
  log.info('stopping', { why });
  await bridge.stop();
  return why === 'gave up' ? 1 : 0;
}
