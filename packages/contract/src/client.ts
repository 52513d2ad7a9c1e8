import { operations } from './operations.ts';
import { isStreamed } from './operation.ts';
import type { ByteStream, Operation, OperationRequest, OperationResponse } from './operation.ts';
import { problem } from './schemas/common.ts';
import type { Problem } from './schemas/common.ts';

export interface ClientOptions {
  /** Where the control API lives, e.g. `http://127.0.0.1:8420`. */
  readonly baseUrl: string;
  /** A control key (`mnk_…`), or to accept an invitation its secret (`mni_…`). */
  readonly apiKey?: string | undefined;
  /** Takes the place of the global `fetch`; an in-process server can be called this way. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
}

/** An operation answered with an error; `problem` is what the server said. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: Problem;

  constructor(said: Problem) {
    super(said.detail);
    this.problem = said;
  }
}

type Method<O extends Operation> =
  // oxlint-disable-next-line typescript/no-empty-object-type -- `{}` here asks "is every part optional?"
  {} extends OperationRequest<O>
    ? (request?: OperationRequest<O>) => Promise<OperationResponse<O>>
    : (request: OperationRequest<O>) => Promise<OperationResponse<O>>;

/** `client.servers.create({ params: { workspace }, body })`: one method for every operation of the contract. */
export type Client = {
  readonly [Noun in keyof typeof operations]: {
    readonly [Verb in keyof (typeof operations)[Noun]]: (typeof operations)[Noun][Verb] extends Operation
      ? Method<(typeof operations)[Noun][Verb]>
      : never;
  };
};

/**
 * A typed client of the control API.
 * @throws ApiError (from each method) when the server answers with a problem document; whatever `fetch` throws when
 *   the server cannot be reached
 */
export function createClient(options: ClientOptions): Client {
  const nouns = Object.entries(operations).map(([noun, verbs]) => {
    const methods = Object.entries(verbs).map(([verb, operation]: [string, Operation]) => [
      verb,
      (request?: AnyRequest) => call(options, operation, request ?? {}),
    ]);
    return [noun, Object.fromEntries(methods)];
  });
  return Object.fromEntries(nouns) as Client;
}

interface AnyRequest {
  readonly params?: Record<string, unknown>;
  readonly query?: Record<string, unknown>;
  readonly body?: unknown;
}

async function call(options: ClientOptions, operation: Operation, request: AnyRequest): Promise<unknown> {
  const streamed = isStreamed(operation.response) ? operation.response.media : undefined;
  const headers = new Headers({ accept: streamed === undefined ? 'application/json' : '*/*' });
  if (options.apiKey !== undefined) headers.set('authorization', `Bearer ${options.apiKey}`);
  let body: string | null = null;
  if (operation.body !== null) {
    headers.set('content-type', 'application/json');
    body = JSON.stringify(request.body ?? {});
  }
  const send = options.fetch ?? ((made: Request) => fetch(made));
  const response = await send(
    new Request(urlOf(options.baseUrl, operation, request), { method: operation.method, headers, body }),
  );
  if (!response.ok) throw new ApiError(await problemOf(response));
  if (response.status === 204) return undefined;
  if (streamed !== undefined) return streamOf(response);
  return response.json();
}

const streamOf = ({ headers, body }: Response): ByteStream => ({
  contentType: headers.get('content-type') ?? 'application/octet-stream',
  headers: Object.fromEntries(headers),
  body: body ?? new ReadableStream({ start: (controller) => controller.close() }),
});

function urlOf(baseUrl: string, operation: Operation, request: AnyRequest): URL {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(String(request.params?.[key])),
  );
  const url = new URL(path.slice(1), baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
  for (const [key, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(key, String(value));
  }
  return url;
}

async function problemOf(response: Response): Promise<Problem> {
  const said = problem.safeParse(await response.json().catch(() => null));
  if (said.success) return said.data;
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status: response.status,
    detail: `The server answered with HTTP ${response.status} and no explanation. Is this really an MCPNest control API?`,
    code: response.status === 401 ? 'unauthenticated' : response.status === 404 ? 'not_found' : 'unavailable',
    retryable: false,
    requestId: '',
  };
}
