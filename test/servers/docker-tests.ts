import { randomUUID } from 'node:crypto';
import { createDockerRuntime } from '../../packages/server/src/orchestrator/runtimes/docker/docker.ts';
import type { EgressOptions } from '../../packages/server/src/orchestrator/runtimes/docker/options.ts';
import type { ObservedWorkload, Runtime, WorkloadSpec } from '../../packages/server/src/orchestrator/runtimes/runtime.ts';
import { createLog } from '../../packages/server/src/platform/log.ts';
import { engineJson, ensureProbeImage, type TestImage } from './docker-image.ts';
import { probeSecrets, probeSpec } from './hosted-probe.ts';

/** A runtime with an installation of its own on a shared engine, and eyes that see past it. */
export interface DockerTest extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly install: string;
  readonly image: TestImage;
  /** Start a probe; see `probeSpec`. */
  start(more?: Parameters<typeof probeSpec>[1]): Promise<ObservedWorkload & { readonly spec: WorkloadSpec }>;
  /** Ids of all containers and networks of the installation. */
  left(): Promise<readonly string[]>;
  /** The container with this label, as the engine tells it. */
  inspect(role: 'workload' | 'gate', instanceId: string): Promise<any>;
  removeAll(): Promise<void>;
}

export async function openDockerTest(socketPath: string, egress: EgressOptions = {}): Promise<DockerTest> {
  const image = await ensureProbeImage(socketPath);
  const install = `test-${randomUUID()}`;
  const runtime = createDockerRuntime({ socketPath, install, gateImage: image, egress }, createLog('silent'));
  const listed = async (path: string, labels: readonly string[]): Promise<string[]> => {
    const filters = encodeURIComponent(JSON.stringify({ label: [`mcpnest.install=${install}`, ...labels] }));
    const { body } = await engineJson<{ Id: string }[]>(socketPath, 'GET', `${path}filters=${filters}`);
    return body.map(({ Id }) => Id);
  };
  const removeAll = async (): Promise<void> => {
    await Promise.all((await runtime.list()).map(({ instanceId }) => runtime.remove(instanceId)));
  };
  return {
    runtime,
    install,
    image,
    removeAll,
    async start(more) {
      const spec = probeSpec(image, more);
      return { ...(await runtime.start(spec, probeSecrets)), spec };
    },
    left: async () => [...(await listed('/containers/json?all=1&', [])), ...(await listed('/networks?', []))],
    async inspect(role, instanceId) {
      const [id] = await listed('/containers/json?all=1&', [`mcpnest.role=${role}`, `mcpnest.instance=${instanceId}`]);
      return (await engineJson(socketPath, 'GET', `/containers/${id}/json`)).body;
    },
    async [Symbol.asyncDispose]() {
      await removeAll();
      await runtime[Symbol.asyncDispose]();
    },
  };
}
