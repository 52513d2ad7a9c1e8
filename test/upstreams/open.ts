import { createDialer } from '../../packages/server/src/platform/dialer.ts';
import { systemClock, type Clock } from '../../packages/server/src/platform/clock.ts';
import { byteString } from '../../packages/server/src/platform/byte-string.ts';
import { HttpClient } from '../../packages/server/src/platform/http1/client.ts';
import { defaultServerLimits, type ServerLimits } from '../../packages/server/src/domain/snapshot.ts';
import { ownMeta } from '../../packages/server/src/gateway/upstreams/handshake.ts';
import { connectionsFor, streamsFor } from '../../packages/server/src/gateway/upstreams/connection.ts';
import type { FaultClass } from '../../packages/server/src/gateway/upstreams/fault.ts';
import {
  Upstream,
  type UpstreamAnswer,
  type UpstreamRequest,
} from '../../packages/server/src/gateway/upstreams/upstream.ts';

export interface OpenUpstream extends Disposable {
  readonly upstream: Upstream;
  /** How each request ended, in order. */
  readonly ends: readonly (FaultClass | undefined)[];
  /** `tools/call`; gives the result as a plain object. */
  call(
    tool: string,
    args?: Record<string, unknown>,
    more?: Partial<UpstreamRequest> & { progress?: boolean },
  ): Promise<Record<string, unknown>>;
}

/** The gateway's upstream client alone, over its real dialer and HTTP client. */
export function openUpstream(
  url: string,
  limits: Partial<ServerLimits> = {},
  clock: Clock = systemClock,
): OpenUpstream {
  const { hostname, port, host } = new URL(url);
  const dialer = createDialer();
  const clients: HttpClient[] = [];
  const open = (connections: number): HttpClient => {
    const allow = () => [{ host: hostname, port: Number(port) }];
    const client = new HttpClient({
      connect: (onread) => dialer.dial({ secure: false, hostname, port, onread }, allow),
      host,
      clock,
      connections,
    });
    clients.push(client);
    return client;
  };
  const server = {
    id: 'server',
    slug: 'server',
    name: 'Server',
    url,
    prefix: null,
    revision: 1,
    credential: null,
    limits: { ...defaultServerLimits, ...limits },
  };
  const ends: (FaultClass | undefined)[] = [];
  const upstream = new Upstream({
    server,
    client: open(connectionsFor(server.limits)),
    openStreams: () => open(streamsFor),
    credential: [],
    clock,
    observe: (fault) => void ends.push(fault),
  });
  return {
    upstream,
    ends,
    async call(tool, args = {}, { progress = false, ...more } = {}) {
      const answer = await upstream.request({
        method: 'tools/call',
        name: tool,
        preferModern: true,
        params: ({ modern, id }) => {
          const meta = modern ? ownMeta : progress ? JSON.stringify({ progressToken: id }) : '{}';
          return byteString(`{"name":"${tool}","arguments":${JSON.stringify(args)},"_meta":${meta}}`);
        },
        deadlineMs: server.limits.deadlineMs,
        ...more,
      });
      return plain(answer);
    },
    [Symbol.dispose]() {
      upstream.close();
      for (const client of clients) client.destroy();
    },
  };
}

/** The result of an answer as a plain object; its error where it is one. */
function plain({ bytes, result, error }: UpstreamAnswer): Record<string, unknown> {
  const node = (result ?? error)!;
  return JSON.parse(bytes.toString('utf8', node.start, node.end)) as Record<string, unknown>;
}
