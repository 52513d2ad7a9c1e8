import { request as httpRequest, type Agent, type IncomingHttpHeaders } from 'node:http';

export interface SendOptions {
  readonly method?: string;
  /** Sent as given: `host`, `origin` and the like included. An undefined value leaves the header out. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: string | Buffer | undefined;
  readonly signal?: AbortSignal;
  /** Keeps connections between requests. */
  readonly agent?: Agent;
}

export interface Sent {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  /** The whole body. */
  readonly text: string;
  /** JSON-RPC messages of it, whether it was JSON or an event stream, in order. */
  readonly messages: readonly RpcMessage[];
  /** The last of them: the answer. */
  readonly message: RpcMessage;
}

export interface RpcMessage {
  readonly jsonrpc?: string;
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Record<string, unknown> };
}

/** One HTTP request with full control of what is sent; a fresh connection each time unless an agent is given. */
export function send(url: string, options: SendOptions = {}): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      if (value !== undefined) headers[name] = typeof value === 'string' ? value : [...value];
    }
    const req = httpRequest(url, {
      method: options.method ?? 'POST',
      headers,
      agent: options.agent ?? false,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    req.on('error', reject);
    req.on('response', (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const messages = messagesOf(text, res.headers['content-type'] ?? '');
        const { headers: received, rawHeaders, statusCode = 0 } = res;
        resolve({ status: statusCode, headers: received, rawHeaders, text, messages, message: messages.at(-1) ?? {} });
      });
    });
    req.end(options.body);
  });
}

function messagesOf(text: string, type: string): RpcMessage[] {
  if (type.startsWith('text/event-stream')) {
    // Lines end with CR or LF alone; other separators of Unicode are text.
    return [...text.matchAll(/(?:^|[\r\n])data: ?([^\r\n]*)/g)]
      .filter((match) => match[1] !== '')
      .map((match) => JSON.parse(match[1]!) as RpcMessage);
  }
  if (text === '' || !type.startsWith('application/json')) return [];
  return [JSON.parse(text) as RpcMessage];
}
