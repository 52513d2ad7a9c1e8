import { Option, type Command } from 'commander';
import { isLoopback } from '../../config/config.ts';
import { UsageError } from '../fault.ts';
import type { Shell } from '../program.ts';

interface Options {
  readonly stdio?: true;
  readonly url?: string;
  readonly allowHttp?: true;
  readonly storeToken?: true;
  readonly forgetToken?: true;
  readonly token?: unknown;
}

/** `mcpnest connect`: bring a client to a gateway. */
export function connectCommand(program: Command, { io }: Shell): void {
  program
    .command('connect')
    .description('bring a client that can only start a program to a gateway')
    .option('--stdio', 'speak MCP over standard input and output until the client closes its end')
    .option('--store-token', 'keep the gateway token, typed or from standard input, in the keychain of this machine')
    .option('--forget-token', 'remove the token that was kept for this gateway')
    .option('--url <url>', 'the gateway, e.g. https://mcp.example.com/api/gw/acme')
    .option('--allow-http', 'send the token over http:// to another machine, readable by anyone on the way')
    .addOption(new Option('--token [token]').hideHelp())
    .addHelpText(
      'after',
      `
The token is taken from MCPNEST_TOKEN or MCPNEST_TOKEN_FILE, otherwise from where --store-token
put it: the keychain, or on a machine without one ~/.config/mcpnest/tokens.json.`,
    )
    .action(async (options: Options) => {
      refuseTokenArgument(options);
      const ways = [options.stdio, options.storeToken, options.forgetToken].filter((way) => way === true);
      if (ways.length !== 1) throw new UsageError('Say one of --stdio, --store-token and --forget-token.');
      const url = gatewayUrl(options);
      // Loaded only here: the store can start the programs of the keychain, and no other command may.
      const { gatewayToken, openTokenStore } = await import('../token-store.ts');
      const store = openTokenStore(io.environment);
      if (options.storeToken === true) {
        const typed = io.interactive ? await io.askSecret(`Gateway token for ${url.href}: `) : await io.readInput();
        const where = await store.store(url, gatewayToken(typed));
        return io.err(`The token for ${url.href} is in ${where}.\n`);
      }
      if (options.forgetToken === true) {
        const forgotten = await store.forget(url);
        return io.err(forgotten ? `The token for ${url.href} is gone.\n` : `No token is kept for ${url.href}.\n`);
      }
      const found = await store.find(url);
      if (found === undefined) {
        throw new UsageError(
          `There is no token for ${url.href}. Set MCPNEST_TOKEN, or store one: mcpnest connect --store-token --url ${url.href}`,
        );
      }
      const say = (text: string): void => io.err(`mcpnest connect: ${text}\n`);
      say(`speaking with ${url.href}, token from ${found.from}`);
      const { runBridge } = await import('../stdio/bridge.ts');
      await runBridge({ url, token: found.token, say, ...io.streams() });
    });
}

function refuseTokenArgument({ token }: Options): void {
  if (token === undefined) return;
  throw new UsageError(
    'A token among the arguments can be read by every user of this machine. Set MCPNEST_TOKEN, or store it with ' +
      '--store-token. If a real one was given just now, revoke it: mcpnest token revoke',
  );
}

/** @throws UsageError when the URL cannot be a gateway's, or would carry the token in the clear */
function gatewayUrl({ url: text, allowHttp }: Options): URL {
  if (text === undefined) throw new UsageError('Say which gateway: --url https://mcp.example.com/api/gw/acme');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new UsageError('--url must begin with https://');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError('--url must be an address only: no user name, no query, no fragment.');
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && allowHttp !== true) {
    throw new UsageError(
      `http:// would send the token to ${url.hostname} readable by anyone on the way. Use https://, or say --allow-http.`,
    );
  }
  return url;
}
