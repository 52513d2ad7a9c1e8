import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openDockerTest, type DockerTest } from '../../../../../../test/servers/docker-tests.ts';
import { askProbe, probeToken } from '../../../../../../test/servers/hosted-probe.ts';

let test: DockerTest;
let started: Awaited<ReturnType<DockerTest['start']>>;

beforeAll(async () => {
  test = await openDockerTest(inject('dockerSocket'));
  const scratch = [
    { path: '/tmp', bytes: 4_194_304 },
    { path: '/var/data', bytes: 1_048_576 },
  ];
  started = await test.start({
    cpus: 0.25,
    memoryBytes: 134_217_728,
    pids: 32,
    scratch,
    settings: { MCP_BRIDGE_X: 'y' },
  });
});
afterAll(async () => await test[Symbol.asyncDispose]());

/** Of everything an engine says about how a container is confined; what it leaves out is its default. */
const confined = {
  CapAdd: null,
  CapDrop: ['ALL'],
  Privileged: false,
  SecurityOpt: ['no-new-privileges'],
  ReadonlyRootfs: true,
  Init: true,
  Binds: null,
  VolumesFrom: null,
  Devices: [],
  GroupAdd: null,
  IpcMode: 'private',
  PidMode: '',
  UTSMode: '',
  UsernsMode: '',
  CgroupnsMode: 'private',
  Cgroup: '',
  CgroupParent: '',
  Runtime: 'runc',
  Isolation: '',
  OomKillDisable: false,
  OomScoreAdj: 500,
  ShmSize: 67_108_864,
  PublishAllPorts: false,
  ExtraHosts: null,
  Links: null,
  AutoRemove: false,
  VolumeDriver: '',
  LogConfig: { Type: 'local', Config: { 'max-file': '3', 'max-size': '10m' } },
  Ulimits: [
    { Name: 'core', Soft: 0, Hard: 0 },
    { Name: 'fsize', Soft: 1_073_741_824, Hard: 1_073_741_824 },
    { Name: 'nofile', Soft: 4096, Hard: 4096 },
  ],
};
const masked = ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'];

describe('[ORC-04] the hardening of every container', () => {
  it('is this of an instance', async () => {
    const { HostConfig, Config, Mounts, AppArmorProfile } = await test.inspect('workload', started.instanceId);
    const tmpfs = 'rw,noexec,nosuid,nodev,mode=1777,uid=10001,gid=10001,size=';
    expect(withoutEmpty(HostConfig)).toMatchObject({
      ...withoutEmpty(confined),
      NanoCpus: 250_000_000,
      Memory: 134_217_728,
      MemorySwap: 134_217_728,
      PidsLimit: 32,
      Tmpfs: { '/tmp': `${tmpfs}4194304`, '/var/data': `${tmpfs}1048576` },
      RestartPolicy: { Name: 'no' },
      Dns: ['127.0.0.1'],
      MaskedPaths: expect.arrayContaining(masked),
    });
    const grants = ['CapAdd', 'Binds', 'Mounts', 'VolumesFrom', 'Devices', 'DeviceRequests', 'DeviceCgroupRules'];
    const more = ['GroupAdd', 'PortBindings', 'ExtraHosts', 'Links', 'Sysctls', 'CgroupParent', 'PidMode', 'UTSMode'];
    expect(Object.keys(withoutEmpty(HostConfig)).filter((key) => [...grants, ...more].includes(key))).toEqual([]);
    expect(Mounts.filter(({ Type }) => Type !== 'tmpfs')).toEqual([]);
    expect(AppArmorProfile).not.toBe('unconfined');
    expect(Config).toMatchObject({ User: '10001:10001', OpenStdin: true, StdinOnce: true, Tty: false });
    expect(Config.Healthcheck).toEqual({ Test: ['NONE'] });
    expect(Config.Env.toSorted()).toEqual([
      'MCP_BRIDGE_HOST=0.0.0.0',
      'MCP_BRIDGE_PORT=8080',
      'MCP_BRIDGE_SECRETS=stdin',
      'MCP_BRIDGE_X=y',
      'PATH=/usr/local/bin',
    ]);
    expect(Config.Labels).toEqual({
      'mcpnest.install': test.install,
      'mcpnest.workspace': started.workspaceId,
      'mcpnest.instance': started.instanceId,
      'mcpnest.spec': started.specHash,
      'mcpnest.role': 'workload',
      'mcpnest.network': expect.any(String),
      'mcpnest.form': expect.any(String),
    });
  });

  it('is this of a gate, whose one port is published on the loopback address', async () => {
    const { HostConfig, Config, Mounts, NetworkSettings } = await test.inspect('gate', started.instanceId);
    expect(withoutEmpty(HostConfig)).toMatchObject({
      ...withoutEmpty(confined),
      Memory: 134_217_728,
      PidsLimit: 32,
      PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    });
    expect(Mounts).toEqual([]);
    expect(Config).toMatchObject({ User: '10001:10001', OpenStdin: false });
    const published = Object.values(NetworkSettings.Ports).flat();
    expect(published).toEqual([{ HostIp: '127.0.0.1', HostPort: String(started.endpoint?.port) }]);
  });

  it('holds from inside: no capability, no new privilege, a filter of system calls, nothing to write to but memory', async () => {
    const seen = await askProbe<{ status: string; writable: string[]; devices: string[] }>(
      started.endpoint,
      `const fs = await load('node:fs');
       const mounts = fs.readFileSync('/proc/mounts', 'utf8').trim().split('\\n').map((line) => line.split(' '));
       const writable = mounts.filter(([, , type, options]) => options.startsWith('rw') && type !== 'proc')
         .filter(([, path]) => fs.statSync(path).isDirectory())
         .filter(([, path]) => { try { fs.accessSync(path, fs.constants.W_OK); return true; } catch { return false; } });
       return {
         status: fs.readFileSync('/proc/self/status', 'utf8'),
         writable: writable.map(([, path, type, options]) => [path, type, /noexec/.test(options)].join(' ')),
         devices: fs.readdirSync('/dev'),
       };`,
    );
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      expect(seen.status).toMatch(new RegExp(`^${set}:\\s0+$`, 'm'));
    }
    expect(seen.status).toMatch(/^NoNewPrivs:\s1$/m);
    expect(seen.status).toMatch(/^Seccomp:\s2$/m);
    expect(seen.status).toMatch(/^Uid:\s10001\s10001\s10001\s10001$/m);
    expect(seen.writable.toSorted()).toEqual([
      '/dev/mqueue mqueue true',
      '/dev/shm tmpfs true',
      '/tmp tmpfs true',
      '/var/data tmpfs true',
    ]);
    expect(
      seen.devices
        .filter((name) => name !== 'core')
        .toSorted()
        .join(' '),
    ).toBe('fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero');
  });

  it('[HST-10] no secret is in what the engine tells of a container, nor anywhere on its disk', async () => {
    expect(await askProbe(started.endpoint, 'return globalThis.secrets.token')).toBe(probeToken);
    for (const role of ['workload', 'gate'] as const) {
      expect(JSON.stringify(await test.inspect(role, started.instanceId))).not.toContain(probeToken);
    }
    const folder = `${await test.dataRoot()}/containers`;
    const grep = (text: string): string =>
      execFileSync('sh', ['-c', 'grep -rl -- "$0" "$1" || true', text, folder], { encoding: 'utf8' });
    expect(grep(started.instanceId)).not.toBe('');
    expect(grep(probeToken)).toBe('');
  });
});

/** Engines write nothing, null or an empty list for the same. */
function withoutEmpty(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const empty = (each: unknown): boolean =>
    each === null || each === '' || (typeof each === 'object' && Object.keys(each).length === 0);
  return Object.fromEntries(Object.entries(value).filter(([, each]) => !empty(each)));
}
