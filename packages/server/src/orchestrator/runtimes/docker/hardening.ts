/** What holds for every container, whatever an entry or a person asks for (T10, ORC-04). No setting changes it. */

/** The user and group of all containers; neither exists on the host. */
const account = 10_001;
/** Bytes one file may grow to; folders in memory are bounded by less. */
const maxFileBytes = 1024 ** 3;

export const user = `${account}:${account}`;

export interface Limits {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly scratch: readonly { readonly path: string; readonly bytes: number }[];
  /** Resolvers of names; none: no name is ever looked up. */
  readonly resolvers: readonly string[] | 'of the engine';
}

/** The part of `HostConfig` that confines, of the Docker Engine API. */
export function hardened(limits: Limits): Readonly<Record<string, unknown>> {
  return {
    CapAdd: [],
    CapDrop: ['ALL'],
    Privileged: false,
    // The engine's own seccomp and AppArmor profiles hold as long as none is named here.
    SecurityOpt: ['no-new-privileges'],
    ReadonlyRootfs: true,
    Init: true,
    Binds: [],
    Mounts: [],
    VolumesFrom: [],
    Devices: [],
    DeviceRequests: [],
    Tmpfs: Object.fromEntries(limits.scratch.map(({ path, bytes }) => [path, tmpfs(bytes)])),
    ShmSize: 64 * 1024 ** 2,
    IpcMode: 'private',
    PidMode: '',
    UTSMode: '',
    UsernsMode: '',
    CgroupnsMode: 'private',
    Memory: limits.memoryBytes,
    // Equal to the memory: no swap.
    MemorySwap: limits.memoryBytes,
    NanoCpus: Math.round(limits.cpus * 1e9),
    PidsLimit: limits.pids,
    OomScoreAdj: 500,
    Ulimits: [
      { Name: 'core', Soft: 0, Hard: 0 },
      { Name: 'fsize', Soft: maxFileBytes, Hard: maxFileBytes },
      { Name: 'nofile', Soft: 4096, Hard: 4096 },
    ],
    LogConfig: { Type: 'local', Config: { 'max-size': '10m', 'max-file': '3' } },
    ...nameLookups(limits.resolvers),
  };
}

// Where the image has the folder, runc 1.1 keeps that one's mode, so the account must own it.
const tmpfs = (bytes: number): string => `rw,noexec,nosuid,nodev,mode=1777,uid=${account},gid=${account},size=${bytes}`;

/**
 * The engine's resolver forwards what it does not know even from internal networks, and names carry data. Given its
 * caller's own loopback address it forwards to nobody; one short try keeps programs from waiting for that.
 */
function nameLookups(resolvers: Limits['resolvers']): Readonly<Record<string, unknown>> {
  if (resolvers === 'of the engine') return {};
  if (resolvers.length > 0) return { Dns: resolvers };
  return { Dns: ['127.0.0.1'], DnsOptions: ['timeout:1', 'attempts:1'], DnsSearch: ['.'] };
}
