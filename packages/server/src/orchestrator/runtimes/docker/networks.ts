import { networkInterfaces } from 'node:os';
import { AppError, unavailable } from '../../../domain/errors.ts';
import { created, networkList } from './answers.ts';
import type { Engine } from './engine.ts';
import { label, type Labels, type Names } from './names.ts';
import { freeSubnets, subnetOf, type Subnet } from './subnets.ts';

const maxAttempts = 16;

export interface InstanceNetwork {
  readonly id: string;
  readonly subnet: Subnet;
}

/** The networks of one installation: one per instance, which leads nowhere, and the edge, which all gates share. */
export interface Networks {
  ensure(instanceId: string, labels: Labels, signal?: AbortSignal): Promise<InstanceNetwork>;
  remove(instanceId: string, signal?: AbortSignal): Promise<void>;
  /** While `work` runs the edge is there and nobody removes it. */
  withEdge<T>(work: (edge: string) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Remove the edge unless it is used. */
  removeEdge(signal?: AbortSignal): Promise<void>;
}

export function createNetworks(engine: Engine, names: Names): Networks {
  let edgeUsers = 0;
  let edgeWork: Promise<unknown> = Promise.resolve();

  /** One look at the edge, and what follows from it, at a time. */
  const alone = async (work: () => Promise<void>): Promise<void> => {
    const turn = edgeWork.then(work);
    edgeWork = turn.catch(() => undefined);
    await turn;
  };

  const all = async (signal?: AbortSignal) =>
    networkList.parse((await engine.call({ method: 'GET', path: '/networks', signal })).body);

  const remove = async (id: string, signal?: AbortSignal): Promise<void> => {
    // 403 and 409: containers are on it.
    await engine.call({ method: 'DELETE', path: `/networks/${id}`, accept: [403, 404, 409], signal });
  };

  const create = async (body: object, signal?: AbortSignal): Promise<string> => {
    const request = { method: 'POST', path: '/networks/create', body: { ...common, ...body }, signal } as const;
    return created.parse((await engine.call(request)).body).Id;
  };

  return {
    async ensure(instanceId, labels, signal) {
      const present = await all(signal);
      const ours = present.find(
        (each) => names.isOurs(each.Labels, 'network') && each.Labels[label.instance] === instanceId,
      );
      if (ours !== undefined) return { id: ours.Id, subnet: subnetOf(ours.IPAM.Config[0]?.Subnet ?? '') };
      const taken = [
        ...present.flatMap((each) => each.IPAM.Config.map(({ Subnet }) => Subnet)),
        // A host answers for every address it has, whichever network asks.
        ...Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? []),
      ];
      let attempts = 0;
      for (const subnet of freeSubnets(instanceId, taken)) {
        try {
          const id = await create(
            {
              Name: names.network(instanceId),
              Internal: true,
              // The host gets no address on it, so none of its services is there.
              Options: { 'com.docker.network.bridge.inhibit_ipv4': 'true' },
              IPAM: { Driver: 'default', Config: [{ Subnet: subnet.block }] },
              Labels: names.labels('network', labels),
            },
            signal,
          );
          return { id, subnet };
        } catch (error) {
          if (++attempts === maxAttempts || !isOverlap(error)) throw error;
        }
      }
      throw unavailable('The container engine has no room for another network: remove instances that are not needed.');
    },

    async remove(instanceId, signal) {
      const ours = (await all(signal)).filter(
        (each) => names.isOurs(each.Labels, 'network') && each.Labels[label.instance] === instanceId,
      );
      for (const { Id } of ours) await remove(Id, signal);
    },

    async withEdge(work, signal) {
      edgeUsers++;
      try {
        await alone(async () => {
          if ((await all(signal)).some((each) => names.isOurs(each.Labels, 'edge'))) return;
          // Gates have nothing to say to each other.
          const Options = { 'com.docker.network.bridge.enable_icc': 'false' };
          await create({ Name: names.edge, Internal: false, Options, Labels: names.labels('edge') }, signal);
        });
        return await work(names.edge);
      } finally {
        edgeUsers--;
      }
    },

    removeEdge: (signal) =>
      alone(async () => {
        if (edgeUsers > 0) return;
        const ours = (await all(signal)).filter((each) => names.isOurs(each.Labels, 'edge'));
        for (const { Id } of ours) await remove(Id, signal);
      }),
  };
}

const common = { CheckDuplicate: true, Driver: 'bridge', EnableIPv6: false };

const isOverlap = (error: unknown): boolean => error instanceof AppError && /overlap/i.test(error.detail ?? '');
