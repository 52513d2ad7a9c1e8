import { imageDigest } from '@mcpnest/contract/schemas/hosted';
import { hash } from 'node:crypto';
import { canonicalText } from '../domain/canonical.ts';
import { conflict } from '../domain/errors.ts';
import { profiles, type CatalogueEntry, type ProfileName } from '../domain/hosted/entry.ts';
import { isForbiddenKey } from '../domain/hosted/forbidden-keys.ts';
import { hostedHost } from '../domain/hosted/workload.ts';
import type { WorkloadSecrets, WorkloadSpec } from './runtimes/runtime.ts';

const megabyte = 1024 * 1024;
const processes = 128;
const temporary = { path: '/tmp', bytes: 64 * megabyte } as const;

/** What of an instance shapes its container. */
export interface InstanceShape {
  readonly id: string;
  readonly workspaceId: string;
  readonly image: string;
  readonly digest: string;
  readonly profile: ProfileName;
}

/** Whether what is stored is what control lets be asked for. Whoever writes rows past control gets nothing else. */
export const isReviewed = (entry: CatalogueEntry, { image, digest, profile }: InstanceShape): boolean =>
  image === entry.image && imageDigest.safeParse(digest).success && Object.hasOwn(profiles, profile);

/** The container of an instance: all of it from the reviewed entry, but for the size. */
export function buildSpec(entry: CatalogueEntry, instance: InstanceShape): WorkloadSpec {
  const { cpus, memoryMegabytes } = profiles[instance.profile];
  const scratch = entry.scratch.filter(({ path }) => path !== temporary.path);
  const spec: Omit<WorkloadSpec, 'hash'> = {
    instanceId: instance.id,
    workspaceId: instance.workspaceId,
    image: { name: instance.image, digest: instance.digest },
    cpus,
    memoryBytes: memoryMegabytes * megabyte,
    pids: processes,
    scratch: [temporary, ...scratch.map(({ path, megabytes }) => ({ path, bytes: megabytes * megabyte }))],
    egress: [...entry.egress],
    settings: {
      MCP_BRIDGE_SESSIONS: entry.sessions,
      // What asks for another host was not meant for this bridge (DNS rebinding); loopback is its own health check.
      MCP_BRIDGE_ALLOWED_HOSTS: `${hostedHost(instance.id)},127.0.0.1,localhost`,
    },
  };
  return { ...spec, hash: hash('sha256', canonicalText(spec), 'hex') };
}

/**
 * The command with its values in place, and the variables of the child. Only declared variables leave here, whatever
 * is stored.
 * @throws AppError `conflict` when a value that the command needs is missing
 */
export function buildSecrets(
  entry: CatalogueEntry,
  values: ReadonlyMap<string, string>,
  token: string,
): WorkloadSecrets {
  const command = entry.command.map((part) => {
    if (typeof part === 'string') return part;
    const value = values.get(part.variable);
    if (value === undefined || value === '') throw conflict(`The variable ${part.variable} has no value.`);
    if (value.startsWith('-')) throw conflict(`The variable ${part.variable} looks like an option.`);
    return value;
  });
  const env = entry.variables.flatMap(({ key }) => {
    const value = values.get(key);
    return value === undefined || isForbiddenKey(key) ? [] : [[key, value] as const];
  });
  return { command, env: Object.fromEntries(env), token };
}
