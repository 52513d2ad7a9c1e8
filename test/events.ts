import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { RpcMessage } from './http.ts';
import { until } from './harness.ts';

/** One event as it came. */
export interface SeenEvent {
  readonly id: string | undefined;
  readonly retry: string | undefined;
  /** As text; empty for an event that only carries an id. */
  readonly data: string;
  /** The data as a message; undefined where there is none. */
  readonly message: RpcMessage | undefined;
}

/** An answer that is read while it comes. */
export interface OpenEvents extends Disposable {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly events: readonly SeenEvent[];
  /** Everything that came, as text. */
  readonly text: string;
  /** The messages among the events. */
  messages(): RpcMessage[];
  /** Wait until so many messages have come. */
  received(count: number, withinMs?: number): Promise<RpcMessage[]>;
  /** `ended`: in good order; `cut`: the connection went away in the middle. */
  readonly state: 'open' | 'ended' | 'cut';
  /** Wait until it is over. */
  over(withinMs?: number): Promise<'ended' | 'cut'>;
  /** Take no more from the socket, or go on. */
  pause(): void;
  resume(): void;
}

export interface OpenOptions {
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Send a request and hand over its answer as soon as its head is there. */
export function openEvents(url: string, { method = 'GET', headers, body }: OpenOptions): Promise<OpenEvents> {
  return new Promise((resolve, reject) => {
    const req = httpRequest(url, { method, headers, agent: false });
    req.on('error', reject);
    req.on('response', (res) => {
      let text = '';
      let state: OpenEvents['state'] = 'open';
      res.setEncoding('utf8');
      res.on('data', (chunk: string) => (text += chunk));
      res.on('error', () => undefined);
      res.on('end', () => (state = 'ended'));
      res.on('close', () => (state = state === 'ended' ? 'ended' : 'cut'));
      const events = (): SeenEvent[] =>
        text
          .split('\n\n')
          .slice(0, -1)
          .filter((block) => !block.startsWith(':'))
          .map(readEvent);
      const messages = (): RpcMessage[] => events().flatMap(({ message }) => (message === undefined ? [] : [message]));
      resolve({
        status: res.statusCode ?? 0,
        headers: res.headers,
        messages,
        get text() {
          return text;
        },
        get events() {
          return events();
        },
        get state() {
          return state;
        },
        async received(count, withinMs) {
          await until(`${count} messages`, () => Promise.resolve(messages().length >= count), withinMs);
          return messages();
        },
        async over(withinMs) {
          await until('the stream is over', () => Promise.resolve(state !== 'open'), withinMs);
          return state as 'ended' | 'cut';
        },
        pause: () => void res.pause(),
        resume: () => void res.resume(),
        [Symbol.dispose]: () => void req.destroy(),
      });
    });
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function readEvent(block: string): SeenEvent {
  const field = (name: string): string | undefined => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1];
  const data = field('data') ?? '';
  return {
    id: field('id'),
    retry: field('retry'),
    data,
    message: data === '' ? undefined : (JSON.parse(data) as RpcMessage),
  };
}
