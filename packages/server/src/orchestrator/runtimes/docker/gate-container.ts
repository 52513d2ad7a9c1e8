import { specialRanges } from '../../../platform/address-policy.ts';
import { closedRanges } from '../../../platform/hosted-reach.ts';
import type { WorkloadSpec } from '../runtime.ts';
import { gateProgram, type GateSettings } from './gate.ts';
import { hardened, user } from './hardening.ts';
import type { EgressOptions } from './options.ts';
import type { Subnet } from './subnets.ts';

/** Port of the bridge in every instance. */
export const bridgePort = 8080;
/** Where the gate takes connections of the gateway; published on the engine's loopback address alone. */
export const inwardPort = 8080;
const outwardPort = 3128;
const patienceMs = 10_000;
const specialRanges4 = specialRanges.filter((range) => !range.includes(':'));

/**
 * The body of `POST /containers/create` for the gate of one instance.
 * @param image id of the image whose `node` runs it
 * @param spec what the instance may reach: `egress` and `forwards`
 */
export function gateContainer(
  image: string,
  edge: string,
  subnet: Subnet,
  { egress, forwards }: Pick<WorkloadSpec, 'egress' | 'forwards'>,
  options: EgressOptions,
) {
  const settings: GateSettings = {
    patienceMs,
    instance: { host: subnet.instance, port: bridgePort },
    inward: inwardPort,
    outward: egress.length === 0 ? null : outward(egress, options),
    forwards: forwards.map(({ listens, host, port, opened }) => ({
      ...{ listens, host, port },
      refused: opened ? closedRanges : specialRanges4,
    })),
  };
  return {
    Image: image,
    User: user,
    Entrypoint: ['node', '--max-old-space-size=24', '--max-semi-space-size=1', '--input-type=module', '--eval'],
    Cmd: [gateProgram(), JSON.stringify(settings)],
    Env: [],
    ExposedPorts: { [`${inwardPort}/tcp`]: {} },
    Healthcheck: { Test: ['NONE'] },
    HostConfig: {
      ...hardened({
        cpus: 1,
        memoryBytes: 128 * 1024 ** 2,
        pids: 32,
        scratch: [],
        resolvers: egress.length + forwards.length === 0 ? [] : (options.resolvers ?? 'of the engine'),
      }),
      NetworkMode: edge,
      PortBindings: { [`${inwardPort}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '' }] },
      // It holds no secret, so the engine itself may bring it back.
      RestartPolicy: { Name: 'unless-stopped' },
    },
  };
}

/** Variables that send what a server asks of named hosts through its gate. */
export function proxyVariables(subnet: Subnet, egress: readonly string[]): Readonly<Record<string, string>> {
  if (egress.length === 0) return {};
  const proxy = `http://${subnet.gate}:${outwardPort}`;
  const local = 'localhost,127.0.0.1';
  // Node reads them only when told to; programs differ in the case they look for.
  return { HTTPS_PROXY: proxy, https_proxy: proxy, NO_PROXY: local, no_proxy: local, NODE_USE_ENV_PROXY: '1' };
}

const outward = (egress: readonly string[], { allowedRanges = [] }: EgressOptions): GateSettings['outward'] => ({
  port: outwardPort,
  hostPort: 443,
  hosts: egress.map((host) => host.toLowerCase()),
  refused: specialRanges4,
  allowed: allowedRanges,
});
