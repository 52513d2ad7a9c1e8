import { createHash } from 'node:crypto';
import { unavailable } from '../../../domain/errors.ts';
import { canonicalText } from '../../../domain/canonical.ts';
import { container, created, type Container } from './answers.ts';
import type { Engine } from './engine.ts';
import { label, type Labels, type Names, type Role } from './names.ts';

/** The containers of one installation, by name. None of these touches one that is not ours. */
export interface Containers {
  inspect(name: string, role: Role, signal?: AbortSignal): Promise<Container | undefined>;
  /** See that there is one of exactly this form that may be started; one of another form is removed first. */
  ensure(name: string, role: Role, labels: Labels, body: object, signal?: AbortSignal): Promise<Container>;
  start(id: string, signal?: AbortSignal): Promise<void>;
  /** Freeze one that runs, where that can be done; repeats and absence are fine. */
  pause(id: string, signal?: AbortSignal): Promise<void>;
  /** Let one that is paused go on, where it can; repeats and absence are fine. */
  unpause(id: string, signal?: AbortSignal): Promise<void>;
  /** SIGTERM, and after the grace SIGKILL, to one that is paused, too; repeats and absence are fine. */
  stop(id: string, graceMs: number, signal?: AbortSignal): Promise<void>;
  /** End it at once and remove it; repeats and absence are fine. */
  remove(id: string, signal?: AbortSignal): Promise<void>;
  connect(id: string, network: string, address: string, signal?: AbortSignal): Promise<void>;
}

export function createContainers(engine: Engine, names: Names): Containers {
  const inspect: Containers['inspect'] = async (name, role, signal) => {
    const answer = await engine.call({ method: 'GET', path: `/containers/${name}/json`, accept: [404], signal });
    if (answer.status === 404) return undefined;
    const found = container.parse(answer.body);
    if (names.isOurs(found.Config.Labels, role)) return found;
    throw unavailable(`A container named ${name} exists that MCPNest has not made: rename or remove it.`);
  };

  const remove: Containers['remove'] = async (id, signal) => {
    // 409: its removal is going on.
    const query = { force: 'true', v: 'true' };
    await engine.call({ method: 'DELETE', path: `/containers/${id}`, query, accept: [404, 409], signal });
  };

  return {
    inspect,
    remove,
    async ensure(name, role, labels, body, signal) {
      const form = createHash('sha256')
        .update(canonicalText([labels, body]))
        .digest('hex');
      const present = await inspect(name, role, signal);
      // The engine never takes its mark back that the memory ran out, so that one has to be made anew. One that is
      // paused cannot be started; what shall go on where it was has been let go on before.
      const status = present?.State.Status ?? '';
      const spent = ['dead', 'paused'].includes(status) || (status === 'exited' && present?.State.OOMKilled === true);
      if (present?.Config.Labels[label.form] === form && !spent) return present;
      if (present !== undefined) await remove(present.Id, signal);
      const Labels = names.labels(role, { ...labels, [label.form]: form });
      const request = { method: 'POST', path: '/containers/create', query: { name }, signal } as const;
      const { Id } = created.parse((await engine.call({ ...request, body: { ...body, Labels } })).body);
      const made = await inspect(Id, role, signal);
      if (made !== undefined) return made;
      throw unavailable('A container was removed while it was being made; nothing else is wrong.');
    },
    async start(id, signal) {
      await engine.call({ method: 'POST', path: `/containers/${id}/start`, accept: [304], signal });
    },
    async pause(id, signal) {
      // 409: it does not run, or is paused. 500: the engine's own runtime cannot freeze it.
      await engine.call({ method: 'POST', path: `/containers/${id}/pause`, accept: [404, 409, 500], signal });
    },
    async unpause(id, signal) {
      // 500: it is not paused, or does not thaw.
      await engine.call({ method: 'POST', path: `/containers/${id}/unpause`, accept: [404, 409, 500], signal });
    },
    async stop(id, graceMs, signal) {
      const query = { t: String(Math.ceil(graceMs / 1000)) };
      const request = { method: 'POST', path: `/containers/${id}/stop`, query, accept: [304, 404], signal } as const;
      await engine.call({ ...request, timeoutMs: graceMs + 30_000 });
    },
    async connect(id, network, address, signal) {
      const body = { Container: id, EndpointConfig: { IPAMConfig: { IPv4Address: address } } };
      await engine.call({ method: 'POST', path: `/networks/${network}/connect`, body, signal });
    },
  };
}
