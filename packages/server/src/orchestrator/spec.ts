import { imageDigest } from '@mcpnest/contract/schemas/hosted';
import { hash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { canonicalText } from '../domain/canonical.ts';
import { conflict } from '../domain/errors.ts';
import { profiles, type CatalogueEntry, type ProfileName } from '../domain/hosted/entry.ts';
import { isForbiddenKey } from '../domain/hosted/forbidden-keys.ts';
import { locate, type ReachedAddress } from '../domain/hosted/reached.ts';
import { hostedHost } from '../domain/hosted/workload.ts';
import type { Forward, WorkloadSecrets, WorkloadSpec } from './runtimes/runtime.ts';

const megabyte = 1024 * 1024;
const processes = 128;
/** The first port forwards listen on; below the ports that outgoing connections are given. */
const firstForwardPort = 15_432;
const temporary = { path: '/tmp', bytes: 64 * megabyte } as const;

/** What of an instance shapes its container. */
export interface InstanceShape {
  readonly id: string;
  readonly workspaceId: string;
  readonly image: string;
  readonly digest: string;
  readonly profile: ProfileName;
  /** What its values name, with whether an owner has opened it. */
  readonly reaches: readonly (ReachedAddress & { readonly opened: boolean })[];
}

/** Whether what is stored is what control lets be asked for. Whoever writes rows past control gets nothing else. */
export const isReviewed = (entry: CatalogueEntry, { image, digest, profile }: InstanceShape): boolean =>
  image === entry.image && imageDigest.safeParse(digest).success && Object.hasOwn(profiles, profile);

/** The container of an instance: all of it from the reviewed entry, but for size and addresses. */
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
    forwards: instance.reaches.map(forwardOf),
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
 * is stored; where a value names an address, it is given the one that stands for that inside.
 * @throws AppError `conflict` when a value that the command needs is missing, or names an address nobody asked for
 */
export function buildSecrets(
  entry: CatalogueEntry,
  reaches: InstanceShape['reaches'],
  stored: ReadonlyMap<string, string>,
  token: string,
): WorkloadSecrets {
  const values = new Map(stored);
  for (const reached of entry.reaches) {
    const located = locate(stored.get(reached.variable) ?? '', reached);
    if (located.kind !== 'address') continue;
    const index = reaches.findIndex(({ variable }) => variable === reached.variable);
    const address = reaches[index];
    if (address === undefined) throw conflict(`The address in ${reached.variable} is not open. Restart the instance.`);
    const { name, listens } = forwardOf(address, index);
    values.set(reached.variable, located.moveTo(`${name}:${listens}`));
  }
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

/** A name stands for itself, so that certificates are verified against it. */
const forwardOf = ({ host, port, opened }: InstanceShape['reaches'][number], index: number): Forward => ({
  name: isIPv4(host) ? `reached-${index + 1}.hosted.invalid` : host,
  listens: firstForwardPort + index,
  ...{ host, port, opened },
});
