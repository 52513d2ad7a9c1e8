import { finished } from 'node:stream/promises';
import { AppError, unavailable } from '../../../domain/errors.ts';
import type { WorkloadSecrets, WorkloadSpec } from '../runtime.ts';
import type { Container } from './answers.ts';
import type { Containers } from './containers.ts';
import type { Engine } from './engine.ts';
import { gateContainer, proxyVariables } from './gate-container.ts';
import type { Images } from './images.ts';
import { label, type Names } from './names.ts';
import type { InstanceNetwork, Networks } from './networks.ts';
import { isRunning } from './observed.ts';
import type { DockerOptions } from './options.ts';
import { workloadContainer } from './workload-container.ts';

/** Milliseconds until the engine must have taken the secrets. */
const takingMs = 10_000;

interface Parts {
  readonly engine: Engine;
  readonly names: Names;
  readonly containers: Containers;
  readonly networks: Networks;
  readonly images: Images;
  readonly options: DockerOptions;
}

/** Each step finds what an earlier, cut-off start has left, so the whole may be repeated from anywhere. */
export function createStarter({ engine, names, containers, networks, images, options }: Parts) {
  const startGate = async (
    spec: WorkloadSpec,
    image: string,
    network: InstanceNetwork,
    signal: AbortSignal | undefined,
  ): Promise<void> =>
    await networks.withEdge(async (edge) => {
      const body = gateContainer(image, edge, network.subnet, spec, options.egress ?? {});
      const gate = await containers.ensure(names.gate(spec.instanceId), 'gate', labelsOf(spec, network), body, signal);
      if (gate.NetworkSettings.Networks[names.network(spec.instanceId)] === undefined) {
        await containers.connect(gate.Id, network.id, network.subnet.gate, signal);
      }
      await containers.start(gate.Id, signal);
    }, signal);

  const startWorkload = async (
    workload: Container,
    document: WorkloadSecrets,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    if (isRunning(workload)) return;
    const input = await engine.attachInput(workload.Id, signal);
    // What fails here shows when the secrets are written.
    input.on('error', () => undefined).resume();
    try {
      await containers.start(workload.Id, signal);
      input.end(`${JSON.stringify(document)}\n`);
      // The engine may keep the connection until the container ends; that it has taken everything is enough.
      await finished(input, { readable: false, signal: AbortSignal.timeout(takingMs) });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof AppError) throw error;
      throw unavailable('The container engine did not take what the server must know.', { cause: error });
    } finally {
      input.destroy();
    }
  };

  return async (spec: WorkloadSpec, secrets: WorkloadSecrets, signal?: AbortSignal): Promise<void> => {
    const [image, gateImage] = await Promise.all([
      images.idOf(spec.image, signal),
      images.localIdOf(options.gateImage, signal),
    ]);
    const name = names.workload(spec.instanceId);
    const network = await networks.ensure(spec.instanceId, idLabels(spec), signal);
    const body = workloadContainer(spec, image, names.network(spec.instanceId), network.subnet);
    const labels = { ...labelsOf(spec, network), [label.spec]: spec.hash };
    const env = { ...secrets.env, ...proxyVariables(network.subnet, spec.egress) };
    // Both to their end, so that nothing of a start that failed goes on when it is repeated or undone.
    const parts = await Promise.allSettled([
      startGate(spec, gateImage, network, signal),
      containers
        .ensure(name, 'workload', labels, body, signal)
        .then((workload) => startWorkload(workload, { command: secrets.command, env, token: secrets.token }, signal)),
    ]);
    for (const part of parts) if (part.status === 'rejected') throw part.reason;
  };
}

const idLabels = (spec: WorkloadSpec) => ({
  [label.workspace]: spec.workspaceId,
  [label.instance]: spec.instanceId,
});

/** A container belongs to one network, and one of the same name made later is another. */
const labelsOf = (spec: WorkloadSpec, network: InstanceNetwork) => ({
  ...idLabels(spec),
  [label.network]: network.id,
});
