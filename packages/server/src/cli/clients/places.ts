import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { ClientAdapter, ConfigScope, OperatingSystem } from '@mcpnest/contract/clients/adapter';
import { clients } from '@mcpnest/contract/clients/clients';
import type { Environment } from '../../config/env.ts';

const systems: Partial<Record<NodeJS.Platform, OperatingSystem>> = { darwin: 'macos', win32: 'windows' };

/** Where this person and this folder keep what. */
export interface Surroundings {
  readonly environment: Environment;
  readonly platform: NodeJS.Platform;
  /** The folder of the project. */
  readonly folder: string;
}

/** The files a client reads here, as absolute paths, in the order they are preferred. */
export function configFiles(client: ClientAdapter, scope: ConfigScope, at: Surroundings): string[] {
  const home = at.environment['HOME'] ?? homedir();
  const appData = at.environment['APPDATA'] ?? join(home, 'AppData', 'Roaming');
  return client.files
    .filter((file) => file.scope === scope)
    .map(({ paths }) => {
      const path = paths[systems[at.platform] ?? 'linux'];
      if (path.startsWith('~/')) return join(home, path.slice(2));
      if (path.startsWith('%APPDATA%/')) return join(appData, path.slice('%APPDATA%/'.length));
      return resolve(at.folder, path);
    });
}

/** The file to write: the first that is there, otherwise the one that is preferred. */
export function configFile(client: ClientAdapter, scope: ConfigScope, at: Surroundings): string | undefined {
  const files = configFiles(client, scope, at);
  return files.find((file) => existsSync(file)) ?? files[0];
}

export interface FoundClient {
  readonly id: string;
  readonly name: string;
  /** It is used by this person here, as far as files tell. */
  readonly found: boolean;
  readonly file: string | null;
}

/** Every known client, and whether it has left a trace on this machine: its file, or a folder of its own. */
export function lookForClients(at: Surroundings): FoundClient[] {
  const home = at.environment['HOME'] ?? homedir();
  const shared = new Set([home, join(home, '.config'), resolve(at.folder)]);
  return clients.map((client) => {
    const files = configFiles(client, 'user', at);
    const found = files.some((file) => existsSync(file) || (!shared.has(dirname(file)) && existsSync(dirname(file))));
    return { id: client.id, name: client.name, found, file: configFile(client, 'user', at) ?? null };
  });
}
