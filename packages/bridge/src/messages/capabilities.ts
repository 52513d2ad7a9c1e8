import type { Hello } from '../stdio/handshake.ts';
import { implementation, legacyVersions, metaKey, newestLegacy, supportedVersions } from './protocol.ts';

/** Server capabilities that speak to one client, and so cannot be had of a child that serves many. */
const ofOneClient = ['logging', 'tasks'];

/** Parts of a capability that need a stream from the server, which modern requests do not have here. */
const ofStreams = ['listChanged', 'subscribe'];

type Fields = Readonly<Record<string, unknown>>;

const asFields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

function capabilitiesOf(hello: Hello, streams: boolean): Fields {
  const kept = Object.entries(asFields(hello.result['capabilities'])).filter(([name]) => !ofOneClient.includes(name));
  if (streams) return Object.fromEntries(kept);
  return Object.fromEntries(
    kept.map(([name, value]) => {
      const parts = Object.entries(asFields(value)).filter(([part]) => !ofStreams.includes(part));
      return [name, Object.fromEntries(parts)];
    }),
  );
}

/** What the child calls itself, wherever its generation says so. */
export function serverInfoOf({ era, result }: Hello): unknown {
  const info = era === 'legacy' ? result['serverInfo'] : asFields(result['_meta'])[metaKey.serverInfo];
  return info ?? implementation;
}

/**
 * The result of `initialize` for a client of a child that many share.
 * @param requested the version the client asked for; an unknown one is answered with the newest it could be
 */
export function initializeResult(hello: Hello, requested: string | undefined): Fields {
  const protocolVersion = legacyVersions.find((version) => version === requested) ?? newestLegacy;
  const capabilities = capabilitiesOf(hello, hello.era === 'legacy');
  if (hello.era === 'legacy') return { ...hello.result, protocolVersion, capabilities };
  const { instructions } = hello.result;
  return { protocolVersion, capabilities, serverInfo: serverInfoOf(hello), instructions };
}

/** The result of `server/discover` (2026-07-28). Nobody is told how long it stays true: the child may restart. */
export function discoverResult(hello: Hello): Fields {
  const base = hello.era === 'modern' ? hello.result : { instructions: hello.result['instructions'] };
  return {
    ...base,
    resultType: 'complete',
    supportedVersions: supportedVersions,
    capabilities: capabilitiesOf(hello, false),
    ttlMs: 0,
    cacheScope: 'private',
    _meta: {
      ...asFields(hello.era === 'modern' ? hello.result['_meta'] : {}),
      [metaKey.serverInfo]: serverInfoOf(hello),
    },
  };
}
