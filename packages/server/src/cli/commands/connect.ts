import { Option, type Command } from 'commander';
import { gatewayUrl } from '../clients/gateway-url.ts';
import { UsageError } from '../fault.ts';
import type { Shell } from '../program.ts';
import { connectClient, listClients, undoClient, type ClientOptions } from './connect-client.ts';

interface Options extends ClientOptions {
  readonly stdio?: true;
  readonly list?: true;
  readonly undo?: true;
  readonly storeToken?: true;
  readonly forgetToken?: true;
  readonly token?: unknown;
}

/** `mcpnest connect`: bring a client to a gateway. */
export function connectCommand(program: Command, shell: Shell): void {
  program
    .command('connect')
    .argument('[client]', 'such as claude-code, cursor, vscode; --list shows all')
    .description('bring a client to a gateway: write its configuration, or carry one that can only start a program')
    .option('--list', 'show the clients that are known, and which are found on this machine')
    .option('--project', "write the project's file in this folder, without a token in it")
    .option('--file <path>', 'write this file')
    .option('--name <name>', 'what the client calls the gateway; the workspace when left out')
    .option('--server <slug>', 'one server of the workspace, with its own names')
    .option('--token-in <way>', 'file | variable | prompt | bridge | mcp-remote; what suits the client when left out')
    .option('--token-stdin', 'read the gateway token from standard input')
    .option('--undo', 'put back what was in the file before; --force even if it has been changed since')
    .option('--force')
    .option('--dry-run', 'show what would be written')
    .option('--yes', 'do not ask')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
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
put it: the keychain, or on a machine without one ~/.config/mcpnest/tokens.json. For a client that
is named and has none yet, one is issued where the control API is at hand.`,
    )
    .action(async (client: string | undefined, options: Options) => {
      refuseTokenArgument(options);
      const { io } = shell;
      if (client === undefined && options.list === true) return listClients(io, options.json);
      const ways = [options.stdio, options.storeToken, options.forgetToken].filter((way) => way === true);
      if (client !== undefined) {
        if (ways.length > 0 || options.list === true)
          throw new UsageError('With a client goes none of --list, --stdio, --store-token and --forget-token.');
        return options.undo === true ? undoClient(io, client, options) : connectClient(shell, client, options);
      }
      if (ways.length !== 1)
        throw new UsageError(
          'Name a client (mcpnest connect --list), or say one of --stdio, --store-token and --forget-token.',
        );
      const url = gatewayUrl(options.url, options.allowHttp);
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
