import { ApiError } from '@mcpnest/contract/caller';
import type { Client } from '@mcpnest/contract/caller';
import {
  infiniteQueryOptions,
  keepPreviousData,
  MutationCache,
  QueryCache,
  QueryClient,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import { client } from './client.ts';
import { sessionQuery } from './session.ts';

type Noun = keyof Client;
type Verb<N extends Noun> = keyof Client[N] & string;
type Method<N extends Noun, V extends Verb<N>> = Client[N][V] extends (request: infer Q) => Promise<infer R>
  ? { readonly request: Q; readonly answer: R }
  : Client[N][V] extends (request?: infer Q) => Promise<infer R>
    ? { readonly request: Q | undefined; readonly answer: R }
    : never;

/** What an operation is asked with and what it answers. */
export type RequestOf<N extends Noun, V extends Verb<N>> = Method<N, V>['request'];
export type AnswerOf<N extends Noun, V extends Verb<N>> = Method<N, V>['answer'];

const noticeSignedOut = (error: unknown): void => {
  if (error instanceof ApiError && error.problem.code === 'unauthenticated')
    queryClient.setQueryData(sessionQuery.queryKey, null);
};

/** One cache for the page. What was read stays on show while it is read anew. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticeSignedOut }),
  mutationCache: new MutationCache({ onError: noticeSignedOut }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      placeholderData: keepPreviousData,
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || error.problem.retryable),
    },
    mutations: { retry: false },
  },
});

/** Call an operation by its names. */
function run<N extends Noun, V extends Verb<N>>(noun: N, verb: V, request: RequestOf<N, V>): Promise<AnswerOf<N, V>> {
  // The compiler cannot see through two generic keys that this member is a method of exactly these types.
  const method = client[noun][verb] as (request: RequestOf<N, V>) => Promise<AnswerOf<N, V>>;
  return method(request);
}

/** `useQuery(apiQuery('servers', 'list', { params: { workspace } }))`; the key begins with the operation's id. */
export const apiQuery = <N extends Noun, V extends Verb<N>>(noun: N, verb: V, request: RequestOf<N, V>) =>
  queryOptions({
    queryKey: [noun, verb, request] as const,
    queryFn: () => run(noun, verb, request),
  });

interface Page {
  readonly items: readonly unknown[];
  readonly nextCursor: string | null;
}

/** The same of a list with pages: `useInfiniteQuery(apiPages('calls', 'list', { params, query }))`. */
export const apiPages = <N extends Noun, V extends Verb<N>>(noun: N, verb: V, request: RequestOf<N, V>) =>
  infiniteQueryOptions({
    queryKey: [noun, verb, 'pages', request] as const,
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) => {
      const { query, ...rest } = (request ?? {}) as { query?: object };
      const cursor = pageParam === null ? {} : { cursor: pageParam };
      return run(noun, verb, { ...rest, query: { ...query, ...cursor } } as RequestOf<N, V>);
    },
    getNextPageParam: (last) => (last as Page).nextCursor,
  });

/** The rows of all pages read so far. */
export const rowsOf = <P extends { readonly items: readonly unknown[] }>(
  data: { readonly pages: readonly P[] } | undefined,
): P['items'][number][] => data?.pages.flatMap(({ items }) => [...items]) ?? [];

/**
 * A change: `const remove = useChange('servers', 'remove')`. After it everything of its noun is read anew, and of the
 * nouns named in `also`.
 */
export const useChange = <N extends Noun, V extends Verb<N>>(noun: N, verb: V, also: readonly Noun[] = []) =>
  useChangeOf(noun, (request: RequestOf<N, V>) => run(noun, verb, request), also);

/** The same of a change that is made otherwise than by one operation. */
export function useChangeOf<Request, Answer>(
  noun: Noun,
  change: (request: Request) => Promise<Answer>,
  also: readonly Noun[] = [],
) {
  const cache = useQueryClient();
  return useMutation({
    // What was typed, secrets too, is not kept beyond the form.
    gcTime: 0,
    mutationFn: change,
    onSuccess: async () => {
      await Promise.all([noun, ...also].map((name) => cache.invalidateQueries({ queryKey: [name] })));
    },
  });
}
