import { rpcStatus } from './rpc-error.ts';

/** The header fields a request is judged by. Everything else a client sends is never looked at. */
export interface RequestHead {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly contentLength: string | undefined;
  readonly userAgent: string | undefined;
  readonly sessionId: string | undefined;
  readonly lastEventId: string | undefined;
  readonly protocolVersion: string | undefined;
  readonly method: string | undefined;
  readonly name: string | undefined;
  /** `Mcp-Param-*` by name in lower case, without the prefix. */
  readonly params: ReadonlyMap<string, string> | undefined;
}

const names = [
  'host',
  'origin',
  'authorization',
  'accept',
  'content-type',
  'content-encoding',
  'content-length',
  'user-agent',
  'mcp-session-id',
  'last-event-id',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
] as const;

const places: ReadonlyMap<string, number> = new Map(names.map((name, place) => [name, place]));
/** Fields that may be repeated: a list, or of no consequence. Two of any other would show two readers two requests. */
const repeatable: ReadonlySet<string> = new Set<(typeof names)[number]>(['accept', 'user-agent']);
const paramPrefix = 'mcp-param-';

/** The values of the request that is being read, in the order of `names`; none between two requests. */
const values: (string | undefined)[] = names.map(() => undefined);

/**
 * Read the fields in one pass. Node's own `headers` object costs three times as much and hides what came twice.
 * Every head has the same form, so that what reads it need not look for its fields.
 * @param raw names and values in turn, as they came (`rawHeaders`)
 * @throws RpcError with HTTP 400 when a decisive field is repeated
 */
export function readHead(raw: readonly string[]): RequestHead {
  try {
    const params = readFields(raw);
    return {
      host: values[0],
      origin: values[1],
      authorization: values[2],
      accept: values[3],
      contentType: values[4],
      contentEncoding: values[5],
      contentLength: values[6],
      userAgent: values[7],
      sessionId: values[8],
      lastEventId: values[9],
      protocolVersion: values[10],
      method: values[11],
      name: values[12],
      params,
    };
  } finally {
    values.fill(undefined);
  }
}

/** @returns the values of `Mcp-Param-*`; all others are put in place */
function readFields(raw: readonly string[]): Map<string, string> | undefined {
  let params: Map<string, string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const value = raw[i + 1]!;
    const place = places.get(name);
    if (place !== undefined) {
      const before = values[place];
      if (before !== undefined && !repeatable.has(name)) throw rpcStatus(400, `The header ${name} came twice.`);
      values[place] = before === undefined ? value : `${before}, ${value}`;
    } else if (name.startsWith(paramPrefix)) {
      params ??= new Map();
      const param = name.slice(paramPrefix.length);
      if (params.has(param)) throw rpcStatus(400, `The header ${name} came twice.`);
      params.set(param, value);
    }
  }
  return params;
}

/** Of a request whose head has not been read. */
export const noHead: RequestHead = readHead([]);
