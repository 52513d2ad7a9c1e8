import type { Sink } from '@mcpnest/contract/schemas/sinks';
import { queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';

export type SinkBody = Parameters<typeof client.sinks.create>[0]['body'];

interface SinksApi {
  readonly noun: 'sinks' | 'instanceSinks';
  readonly list: () => Promise<{ readonly items: readonly Sink[] }>;
  readonly create: (body: SinkBody) => Promise<{ readonly sink: Sink; readonly secret: string | null }>;
  readonly pause: (sink: string) => Promise<Sink>;
  readonly resume: (sink: string) => Promise<Sink>;
  readonly test: (sink: string) => Promise<{ readonly ok: boolean; readonly error: string | null }>;
  readonly remove: (sink: string) => Promise<void>;
}

/** The sinks of a workspace, or of the whole instance for null: the same operations under two nouns. */
export const sinksApi = (workspace: string | null): SinksApi =>
  workspace === null
    ? {
        noun: 'instanceSinks',
        list: () => client.instanceSinks.list(),
        create: (body) => client.instanceSinks.create({ body }),
        pause: (sink) => client.instanceSinks.pause({ params: { sink } }),
        resume: (sink) => client.instanceSinks.resume({ params: { sink } }),
        test: (sink) => client.instanceSinks.test({ params: { sink } }),
        remove: (sink) => client.instanceSinks.remove({ params: { sink } }),
      }
    : {
        noun: 'sinks',
        list: () => client.sinks.list({ params: { workspace } }),
        create: (body) => client.sinks.create({ params: { workspace }, body }),
        pause: (sink) => client.sinks.pause({ params: { workspace, sink } }),
        resume: (sink) => client.sinks.resume({ params: { workspace, sink } }),
        test: (sink) => client.sinks.test({ params: { workspace, sink } }),
        remove: (sink) => client.sinks.remove({ params: { workspace, sink } }),
      };

export const sinksQuery = ({ noun, list }: SinksApi, workspace: string | null) =>
  queryOptions({ queryKey: [noun, 'list', workspace] as const, queryFn: list, refetchInterval: 15_000 });
