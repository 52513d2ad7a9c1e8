import { rpcStatus } from './rpc-error.ts';

/** The header fields a request is judged by. Everything else a client sends is never looked at. */
export interface RequestHead {
  host?: string;
  origin?: string;
  authorization?: string;
  accept?: string;
  contentType?: string;
  contentEncoding?: string;
  contentLength?: string;
  userAgent?: string;
  sessionId?: string;
  lastEventId?: string;
  protocolVersion?: string;
  method?: string;
  name?: string;
  /** `Mcp-Param-*` by name in lower case, without the prefix. */
  params?: Map<string, string>;
}

type Field = Exclude<keyof RequestHead, 'params'>;

const fields: ReadonlyMap<string, Field> = new Map([
  ['host', 'host'],
  ['origin', 'origin'],
  ['authorization', 'authorization'],
  ['accept', 'accept'],
  ['content-type', 'contentType'],
  ['content-encoding', 'contentEncoding'],
  ['content-length', 'contentLength'],
  ['user-agent', 'userAgent'],
  ['mcp-session-id', 'sessionId'],
  ['last-event-id', 'lastEventId'],
  ['mcp-protocol-version', 'protocolVersion'],
  ['mcp-method', 'method'],
  ['mcp-name', 'name'],
]);

/** Fields that may be repeated: a list, or of no consequence. Two of any other would show two readers two requests. */
const repeatable: ReadonlySet<Field> = new Set(['accept', 'userAgent']);
const paramPrefix = 'mcp-param-';

/**
 * Read the fields in one pass. Node's own `headers` object costs three times as much and hides what came twice.
 * @param raw names and values in turn, as they came (`rawHeaders`)
 * @throws RpcError with HTTP 400 when a decisive field is repeated
 */
export function readHead(raw: readonly string[]): RequestHead {
  const head: RequestHead = {};
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    const value = raw[i + 1]!;
    const field = fields.get(name);
    if (field !== undefined) {
      const before = head[field];
      if (before !== undefined && !repeatable.has(field)) throw rpcStatus(400, `The header ${name} came twice.`);
      head[field] = before === undefined ? value : `${before}, ${value}`;
    } else if (name.startsWith(paramPrefix)) {
      head.params ??= new Map();
      const param = name.slice(paramPrefix.length);
      if (head.params.has(param)) throw rpcStatus(400, `The header ${name} came twice.`);
      head.params.set(param, value);
    }
  }
  return head;
}
