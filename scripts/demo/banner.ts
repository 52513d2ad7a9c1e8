import { bold, dim, print } from '../lib/steps.ts';
import type { DemoCredentials } from './setup.ts';
import { demoWorkspace } from './servers.ts';

/** The line a new user pastes first: a bare request, no handshake. */
export const curlLine = (gatewayUrl: string, token: string): string =>
  [
    `curl -s ${gatewayUrl}`,
    `-H 'Authorization: Bearer ${token}'`,
    `-H 'Content-Type: application/json'`,
    `-d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'`,
  ].join(' ');

export interface BannerFacts {
  readonly url: string;
  /** How to finish the set-up; undefined once an owner can sign in. */
  readonly setup: string | undefined;
  readonly dataFolder: string;
  /** Null without the demo. */
  readonly demo: { readonly credentials: DemoCredentials | undefined } | null;
}

/** What a start says at its end: where everything is and what to do next. */
export function printBanner({ url, setup, dataFolder, demo }: BannerFacts): void {
  const gatewayUrl = `${url}/api/gw/${demoWorkspace}`;
  print();
  if (demo === null) {
    print(`${bold('MCPNest')} serves at ${url}`);
  } else {
    print(`${bold('Gateway URL')}  ${gatewayUrl}`);
    if (demo.credentials === undefined) {
      print(
        `${bold('Token')}        as issued; another one: npx mcpnest token issue --workspace ${demoWorkspace} --label laptop`,
      );
    } else {
      printCredentials(gatewayUrl, demo.credentials);
    }
  }
  print();
  // By a name: passkeys cannot belong to an address.
  print(`${bold('Console')}      ${url.replace('//127.0.0.1:', '//localhost:')}`);
  if (setup !== undefined) print(setup);
  print(`API           ${url}/docs`);
  print(`Data          ${dataFolder}`);
  print(`Commands      npx mcpnest --help`);
  print(dim('Ctrl-C ends it.'));
}

function printCredentials(gatewayUrl: string, { workspaceToken, apiKey }: DemoCredentials): void {
  print(`${bold('Token')}        ${workspaceToken}`);
  print(`${bold('Control key')}  ${apiKey}`);
  print(dim('              Both are shown this once; only their SHA-256 is kept.'));
  print();
  print('Try it:');
  print(curlLine(gatewayUrl, workspaceToken));
  print();
  print('Claude Code:');
  print(`claude mcp add --transport http mcpnest ${gatewayUrl} --header "Authorization: Bearer ${workspaceToken}"`);
}
