import { join } from 'node:path';
import { isShareable, tokenVariable } from '@mcpnest/contract/clients/adapter';
import type { Auth, AuthWay, ClientAdapter, ConfigScope } from '@mcpnest/contract/clients/adapter';
import { clients, findClient } from '@mcpnest/contract/clients/clients';
import { UsageError } from '../fault.ts';
import { configFile, type Surroundings } from './places.ts';

/** How a person names the ways of a token. */
export const wayNames = {
  file: 'literal',
  variable: 'variable',
  prompt: 'prompt',
  bridge: 'bridge',
  'mcp-remote': 'mcp-remote',
} as const satisfies Readonly<Record<string, AuthWay>>;

/** @throws UsageError for a client that is not known, with those that are */
export function requireClient(id: string): ClientAdapter {
  const client = findClient(id.toLowerCase());
  if (client !== undefined) return client;
  throw new UsageError(`No client '${id}' is known. Known are: ${clients.map((each) => each.id).join(', ')}`);
}

/**
 * How the client is to come by its token.
 * @throws UsageError where it cannot in that way, or where a token would end up in a shared file
 */
export function chooseWay(client: ClientAdapter, scope: ConfigScope, asked: string | undefined): AuthWay {
  if (client.ways.length === 0) throw new UsageError(`${client.name}: ${client.limits[0]}`);
  const possible = scope === 'project' ? client.ways.filter(isShareable) : client.ways;
  const names = Object.entries(wayNames).filter(([, way]) => possible.includes(way));
  if (asked === undefined) return possible[0] ?? client.ways[0]!;
  const way = names.find(([name]) => name === asked)?.[1];
  if (way !== undefined) return way;
  const shared = scope === 'project' ? ' A project’s file is shared, so no token is written into it.' : '';
  throw new UsageError(
    `${client.name} takes a token in these ways: --token-in ${names.map(([name]) => name).join(' | ')}.${shared}`,
  );
}

/** @throws UsageError for a client that is set up by hand, with the steps */
export function requireFile(
  client: ClientAdapter,
  scope: ConfigScope,
  at: Surroundings,
  given: string | undefined,
): string {
  const file = given ?? configFile(client, scope, at);
  if (file !== undefined) return file;
  if (scope === 'project' && client.files.length > 0)
    throw new UsageError(`${client.name} keeps nothing in a project. Leave out --project.`);
  throw new UsageError(`${client.name} is set up by hand: ${client.steps.join(' ')}`);
}

/** Whether this way needs the token now; the others only need it to be there when the client starts. */
export const needsToken = (way: AuthWay): boolean => way !== 'variable' && way !== 'prompt';

/** @param token of a way that needs one */
export function authOf(way: AuthWay, token: { reveal(): string } | undefined): Auth {
  if (way === 'variable' || way === 'prompt') return { way };
  if (way === 'bridge') return { way, program: [process.execPath, program] };
  return { way, token: token!.reveal() };
}

/** This program, by its whole path: clients start programs with a short PATH. */
const program = join(import.meta.dirname, '..', '..', '..', 'bin', 'mcpnest.mjs');

/** What is left to do once the file is written. */
export function whatIsLeft(client: ClientAdapter, way: AuthWay): string {
  if (way === 'variable')
    return `Set ${tokenVariable} where ${client.name} is started (mcpnest token issue --label '${client.name}').\n${client.reload}`;
  if (way === 'prompt')
    return `${client.name} asks for the token once (mcpnest token issue --label '${client.name}').\n${client.reload}`;
  return client.reload;
}
