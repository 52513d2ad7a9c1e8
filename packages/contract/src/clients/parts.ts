import { remoteBridge, tokenVariable } from './adapter.ts';
import type { Auth, ConfigFile, ConfigObject, Connection } from './adapter.ts';

/** The same path on every operating system. */
export const everywhere = (scope: ConfigFile['scope'], path: string): ConfigFile => ({
  scope,
  paths: { linux: path, macos: path, windows: path },
});

/** A file below the folder in which desktop programs of each system keep their settings. */
export const inAppFolder = (path: string): ConfigFile => ({
  scope: 'user',
  paths: { linux: `~/.config/${path}`, macos: `~/Library/Application Support/${path}`, windows: `%APPDATA%/${path}` },
});

/**
 * The value of the Authorization header (RFC 6750).
 * @param reference how the client writes that a value comes from elsewhere
 */
export const bearer = (auth: Auth, reference: string): string =>
  `Bearer ${auth.way === 'literal' ? auth.token : reference}`;

export const authorization = (auth: Auth, reference: string): ConfigObject => ({
  Authorization: bearer(auth, reference),
});

export const dollarBraces = `\${${tokenVariable}}`;
export const envBraces = `\${env:${tokenVariable}}`;

/** A program and its arguments that carry a client to the gateway; undefined for a way that needs none. */
export function bridgeProgram({ url, auth }: Connection): Program | undefined {
  if (auth.way === 'bridge') {
    const [command, ...args] = auth.program;
    return { command, args: [...args, 'connect', '--stdio', '--url', url], env: {} };
  }
  if (auth.way !== 'mcp-remote') return undefined;
  // It fills in variables of its own environment, so the token stays out of the list of processes. No space after
  // the colon: some clients split arguments at spaces.
  const args = ['-y', remoteBridge, url, '--header', 'Authorization:${MCPNEST_AUTHORIZATION}'];
  return { command: 'npx', args, env: { MCPNEST_AUTHORIZATION: `Bearer ${auth.token}` } };
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The usual entry for a program: `{command, args, env}`. */
export function programEntry(connection: Connection): ConfigObject | undefined {
  const program = bridgeProgram(connection);
  if (program === undefined) return undefined;
  const { command, args, env } = program;
  return { command, args, ...(Object.keys(env).length > 0 && { env }) };
}

/** A word for a POSIX shell, quoted where it must be. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Base64 of UTF-8 text. */
export const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
