import type { ObservedWorkload } from '../runtime.ts';
import type { Container } from './answers.ts';
import { inwardPort } from './gate-container.ts';
import { label } from './names.ts';

/**
 * What the engine has of one instance.
 * @param workload undefined: only other parts of it are there, left by a start or a removal that was cut off
 * @param gate one that does not run leaves the workload out of reach, which is as good as ended: starting mends it
 */
export function observed(
  { instanceId, workspaceId }: { readonly instanceId: string; readonly workspaceId: string },
  workload: Container | undefined,
  gate: Container | undefined,
): ObservedWorkload {
  if (workload === undefined) {
    const nothing = { exitCode: null, outOfMemory: false, startedAt: null, endpoint: null };
    return { instanceId, workspaceId, specHash: '', state: 'created', ...nothing };
  }
  const { State } = workload;
  const runs = isRunning(workload);
  const endpoint = runs ? endpointOf(gate) : null;
  const state = endpoint !== null ? 'running' : stateWithout(State.Status);
  return {
    instanceId,
    workspaceId,
    specHash: workload.Config.Labels[label.spec] ?? '',
    state,
    exitCode: state === 'exited' && !runs ? State.ExitCode : null,
    outOfMemory: state === 'exited' && State.OOMKilled && State.ExitCode === outOfMemoryCode,
    startedAt: State.StartedAt.startsWith('0001-') ? null : State.StartedAt,
    endpoint,
  };
}

/** SIGKILL; the engine's mark alone may be about a child, or about a run before. */
const outOfMemoryCode = 137;

export const isRunning = ({ State }: Container): boolean => ['running', 'restarting'].includes(State.Status);

export const isPaused = ({ State }: Container): boolean => State.Status === 'paused';

/** What a status stands for where nothing can be reached. */
const stateWithout = (status: string): ObservedWorkload['state'] =>
  status === 'created' || status === 'paused' ? status : 'exited';

function endpointOf(gate: Container | undefined): ObservedWorkload['endpoint'] {
  if (gate === undefined || !isRunning(gate)) return null;
  const published = gate.NetworkSettings.Ports[`${inwardPort}/tcp`]?.[0];
  return published === undefined ? null : { host: published.HostIp, port: Number(published.HostPort) };
}
