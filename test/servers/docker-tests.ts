import { randomUUID } from 'node:crypto';
import { createDockerRuntime } from '../../packages/server/src/orchestrator/runtimes/docker/docker.ts';
import type { EgressOptions } from '../../packages/server/src/orchestrator/runtimes/docker/options.ts';
import type {
  ObservedWorkload,
  Runtime,
  WorkloadSpec,
} from '../../packages/server/src/orchestrator/runtimes/runtime.ts';
import { createLog } from '../../packages/server/src/platform/log.ts';
import { engineJson, ensureProbeImage, type TestImage } from './docker-image.ts';
import { probeSecrets, probeSpec } from './hosted-probe.ts';

/** What tests read of a container as its engine tells it. */
export interface Inspected {
  readonly Id: string;
  /** With a slash in front. */
  readonly Name: string;
  readonly AppArmorProfile: string;
  readonly State: { readonly Status: string };
  readonly Config: Readonly<Record<string, unknown>> & { readonly Env: readonly string[] };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly { readonly Type: string }[];
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, unknown>>;
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
  };
}

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
  inspect(role: 'workload' | 'gate', instanceId: string): Promise<Inspected>;
  /** Where the engine keeps everything. */
  dataRoot(): Promise<string>;
  removeAll(): Promise<void>;
}

export async function openDockerTest(socketPath: string, egress: EgressOptions = {}): Promise<DockerTest> {
  const image = await ensureProbeImage(socketPath);
  const install = `test-${randomUUID()}`;
  const runtime = createDockerRuntime({ socketPath, install, gateImage: image.digest, egress }, createLog('silent'));
  const listed = async (path: string, labels: readonly string[]): Promise<string[]> => {
    const filters = encodeURIComponent(JSON.stringify({ label: [`mcpnest.install=${install}`, ...labels] }));
    const { body } = await engineJson(socketPath, 'GET', `${path}filters=${filters}`);
    return (body as { Id: string }[]).map(({ Id }) => Id);
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
      return (await engineJson(socketPath, 'GET', `/containers/${id}/json`)).body as Inspected;
    },
    dataRoot: async () =>
      ((await engineJson(socketPath, 'GET', '/info')).body as { DockerRootDir: string }).DockerRootDir,
    async [Symbol.asyncDispose]() {
      await removeAll();
      await runtime[Symbol.asyncDispose]();
    },
  };
}
