import { isStreamed } from './operation.ts';
import type { ByteStream, Operation, OperationRequest, OperationResponse } from './operation.ts';
import type { operations } from './operations.ts';
import type { Problem } from './schemas/common.ts';

/** What of an operation a caller needs: where it is, and whether a body goes there and what comes back. */
export type Wire = Pick<Operation, 'method' | 'path'> & {
  readonly body: unknown;
  readonly response: unknown;
};

/** Every operation by noun and verb, as a caller needs them. */
export type Wires = Readonly<Record<string, Readonly<Record<string, Wire>>>>;

export interface ClientOptions {
  /** Where the control API lives, e.g. `http://127.0.0.1:8420`. */
  readonly baseUrl: string;
  /** A control key (`mnk_…`), or to accept an invitation its secret (`mni_…`). */
  readonly apiKey?: string | undefined;
  /** Takes the place of the global `fetch`; an in-process server can be called this way. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined;
}

export interface CallerOptions extends ClientOptions {
  /** A body that is a problem document, or undefined for any other. */
  readonly readProblem: (body: unknown) => Problem | undefined;
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
 * A typed client made from a table of operations; it knows no schemas, so that a browser need not load them.
 * @throws ApiError (from each method) when the server answers with a problem document; whatever `fetch` throws when
 *   the server cannot be reached
 */
export function clientOf(wires: Wires, options: CallerOptions): Client {
  const nouns = Object.entries(wires).map(([noun, verbs]) => {
    const methods = Object.entries(verbs).map(([verb, operation]) => [
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

async function call(options: CallerOptions, operation: Wire, request: AnyRequest): Promise<unknown> {
  const streamed = mediaOf(operation);
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
  if (!response.ok) throw new ApiError(await problemOf(response, options));
  if (response.status === 204) return undefined;
  if (streamed !== undefined) return streamOf(response);
  return response.json();
}

const mediaOf = ({ response }: Wire): readonly string[] | undefined => {
  const answer = response as Operation['response'];
  return isStreamed(answer) ? answer.media : undefined;
};

const streamOf = ({ headers, body }: Response): ByteStream => ({
  contentType: headers.get('content-type') ?? 'application/octet-stream',
  headers: Object.fromEntries(headers),
  body: body ?? new ReadableStream({ start: (controller) => controller.close() }),
});

function urlOf(baseUrl: string, operation: Wire, request: AnyRequest): URL {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(String(request.params?.[key])),
  );
  const url = new URL(path.slice(1), baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
  for (const [key, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(key, String(value));
  }
  return url;
}

async function problemOf(response: Response, { readProblem }: CallerOptions): Promise<Problem> {
  const said = readProblem(await response.json().catch(() => null));
  if (said !== undefined) return said;
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
