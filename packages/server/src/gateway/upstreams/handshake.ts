import { z } from 'zod';
import {
  implementation,
  isLegacyVersion,
  isModernVersion,
  metaKey,
  newestLegacy,
  newestModern,
  rpcCode,
} from '../../domain/protocol.ts';
import { UpstreamFault } from './fault.ts';
import { readFeatures, type ServerFeatures } from './features.ts';
import { asReply, errorCode, readMessage, resultValue } from './reply.ts';
import type { SessionAddress } from './connection.ts';
import type { HttpReply } from './exchange.ts';
import type { SseChannel } from './sse-channel.ts';

/** What is known of an upstream's protocol after asking it. */
export interface Verdict {
  readonly modern: boolean;
  readonly legacy: boolean;
  /** What the server declared, where it answered the modern way. */
  readonly features: ServerFeatures;
}

/** What `initialize` agreed on. */
export interface Agreed {
  /** Id of the session, where the upstream keeps one. */
  readonly id: string | undefined;
  readonly version: string;
  readonly features: ServerFeatures;
}

/** Sends one request and gives the raw answer. */
export type Ask = (request: {
  method: string;
  params: string;
  modern: boolean;
  session?: SessionAddress;
  notification?: boolean;
}) => Promise<{ reply: HttpReply; id: string }>;

/** The `_meta` of a request the gateway makes for itself or on behalf of a caller without a modern client. */
export const ownMeta = metaDeclaring('{}');

/**
 * The `_meta` of a request that declares client capabilities.
 * @param capabilities JSON text of an object
 */
export function metaDeclaring(capabilities: string): string {
  const version = `"${metaKey.protocolVersion}":"${newestModern}"`;
  const info = `"${metaKey.clientInfo}":${JSON.stringify(implementation)}`;
  return `{${version},"${metaKey.clientCapabilities}":${capabilities},${info}}`;
}

const discovered = z.looseObject({ supportedVersions: z.array(z.string()), capabilities: z.unknown().optional() });

const initialized = z.looseObject({ protocolVersion: z.string(), capabilities: z.unknown().optional() });

const unsupported = z.looseObject({ data: z.looseObject({ supported: z.array(z.string()) }).optional() });

/**
 * Ask which generation the upstream speaks. Only a discovery result or a recognised modern error proves the modern
 * one; any other answer means: try `initialize`. Failures of the network prove nothing and are thrown.
 * @throws UpstreamFault
 */
export async function discover(ask: Ask): Promise<Verdict> {
  const { reply, id } = await ask({ method: 'server/discover', params: `{"_meta":${ownMeta}}`, modern: true });
  if (reply.status === 401 || reply.status === 403) throw new UpstreamFault('unauthorized', `HTTP ${reply.status}`);
  // Neither overload nor failure says anything about the generation.
  if (reply.status === 408 || reply.status === 429) throw new UpstreamFault('throttled', `HTTP ${reply.status}`);
  if (reply.status >= 500) throw new UpstreamFault('http_status', `HTTP ${reply.status}`);
  try {
    const answer = asReply(readMessage(reply.body), id);
    if (answer.result !== undefined) {
      const { supportedVersions, capabilities } = discovered.parse(resultValue(answer));
      return {
        modern: supportedVersions.some(isModernVersion),
        legacy: supportedVersions.some(isLegacyVersion),
        features: readFeatures(capabilities),
      };
    }
    if (errorCode(answer) === rpcCode.unsupportedVersion) {
      const error: unknown = JSON.parse(answer.bytes.toString('utf8', answer.error!.start, answer.error!.end));
      const supported = unsupported.parse(error).data?.supported ?? [];
      return {
        modern: supported.some(isModernVersion),
        legacy: !supported.some(isModernVersion),
        features: readFeatures(undefined),
      };
    }
  } catch (error) {
    if (!(error instanceof UpstreamFault) && !(error instanceof z.ZodError)) throw error;
  }
  return { modern: false, legacy: true, features: readFeatures(undefined) };
}

/** An upstream that answers `initialize` so may be one of the deprecated HTTP+SSE transport. */
export class NotStreamable extends UpstreamFault {}
const notStreamable: ReadonlySet<number> = new Set([400, 404, 405]);

/**
 * Open a legacy session, negotiating any revision that is served.
 * @param capabilities what is declared: JSON text of an object
 * @param channel the stream of a deprecated transport, to be used instead of plain POSTs
 * @throws UpstreamFault, NotStreamable
 */
export async function initialize(ask: Ask, capabilities: string, channel?: SseChannel): Promise<Agreed> {
  const info = JSON.stringify(implementation);
  const params = `{"protocolVersion":"${newestLegacy}","capabilities":${capabilities},"clientInfo":${info}}`;
  const unopened = { id: undefined, version: '', channel };
  const { reply, id } = await ask({ method: 'initialize', params, modern: false, session: unopened });
  if (reply.status === 401 || reply.status === 403) throw new UpstreamFault('unauthorized', `HTTP ${reply.status}`);
  const refused = `initialize answered HTTP ${reply.status}`;
  if (notStreamable.has(reply.status)) throw new NotStreamable('http_status', refused);
  if (reply.status !== 200) throw new UpstreamFault('http_status', refused);
  const answer = asReply(readMessage(reply.body), id);
  if (answer.result === undefined) throw new UpstreamFault('protocol', 'initialize was refused');
  const parsed = initialized.safeParse(resultValue(answer));
  if (!parsed.success || !isLegacyVersion(parsed.data.protocolVersion)) {
    throw new UpstreamFault('protocol', 'initialize agreed on no revision that is served');
  }
  const { protocolVersion: version } = parsed.data;
  const agreed = { id: sessionId(reply.headers?.get('mcp-session-id')), version };
  const session = { ...agreed, channel };
  await ask({ method: 'notifications/initialized', params: '{}', modern: false, session, notification: true });
  return { ...agreed, features: readFeatures(parsed.data.capabilities) };
}

function sessionId(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,512}$/.test(header)) {
    throw new UpstreamFault('protocol', 'a session id outside visible ASCII');
  }
  return header;
}
