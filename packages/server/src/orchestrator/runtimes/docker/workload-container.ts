import type { WorkloadSpec } from '../runtime.ts';
import { bridgePort } from './gate-container.ts';
import { hardened, user } from './hardening.ts';
import type { Subnet } from './subnets.ts';

/**
 * The body of `POST /containers/create` for an instance. It holds no secret: those come through the standard input.
 * @param image id of the image, so that these bytes run and no others
 * @param network name of the instance's own network
 */
export const workloadContainer = (spec: WorkloadSpec, image: string, network: string, subnet: Subnet) => ({
  Image: image,
  User: user,
  Env: Object.entries({
    ...spec.settings,
    MCP_BRIDGE_SECRETS: 'stdin',
    MCP_BRIDGE_HOST: '0.0.0.0',
    MCP_BRIDGE_PORT: String(bridgePort),
  }).map(([name, value]) => `${name}=${value}`),
  OpenStdin: true,
  StdinOnce: true,
  // Its health is what calls through the gateway show.
  Healthcheck: { Test: ['NONE'] },
  HostConfig: {
    ...hardened({
      cpus: spec.cpus,
      memoryBytes: spec.memoryBytes,
      pids: spec.pids,
      scratch: spec.scratch,
      resolvers: [],
    }),
    ExtraHosts: spec.forwards.map(({ name }) => `${name}:${subnet.gate}`),
    NetworkMode: network,
    PortBindings: {},
    PublishAllPorts: false,
    RestartPolicy: { Name: 'no' },
  },
  NetworkingConfig: { EndpointsConfig: { [network]: { IPAMConfig: { IPv4Address: subnet.instance } } } },
});
