import { clipped } from '../log.ts';
import { ascii, bytes, cut, textOf, type ByteString } from '../messages/byte-string.ts';
import { readMessage, type RequestMessage, type ResponseMessage } from '../messages/message.ts';
import { implementation, json, legacyVersions, metaKey, modernVersion, newestLegacy } from '../messages/protocol.ts';
import { CallFailed, type Channel } from './channel.ts';

/** What a child has said of itself when it was opened. */
export interface Hello {
  readonly era: 'legacy' | 'modern';
  /** The result of `initialize` or of `server/discover`. */
  readonly result: Readonly<Record<string, unknown>>;
  /** The same as it came. */
  readonly resultText: ByteString;
}

/** The handshake did not come to its end. The message is for the log. */
export class HandshakeFailed extends Error {
  override readonly name = 'HandshakeFailed';
}

const initialized = ascii('{"jsonrpc":"2.0","method":"notifications/initialized"}');

/** What describes a request of the bridge's own to a modern child. */
export const ownMeta = {
  [metaKey.protocolVersion]: modernVersion,
  [metaKey.clientCapabilities]: {},
  [metaKey.clientInfo]: implementation,
};

/** The bridge stands for many clients here, so it declares nothing that only one of them could do. */
const ownInitialize = json({ protocolVersion: newestLegacy, capabilities: {}, clientInfo: implementation });

/**
 * Open the child as the bridge's own server: `initialize` and `notifications/initialized`; with `auto`,
 * `server/discover` before it. Some servers end on any request before `initialize`, hence that is a setting.
 * @throws HandshakeFailed
 */
export async function openShared(channel: Channel, era: 'legacy' | 'auto'): Promise<Hello> {
  if (era === 'auto') {
    const discovered = await ask(channel, 'server/discover', json({ _meta: ownMeta }));
    const hello = discovered.result === undefined ? undefined : readHello('modern', discovered);
    const versions = hello?.result['supportedVersions'];
    if (hello !== undefined && Array.isArray(versions) && versions.includes(modernVersion)) return hello;
  }
  const hello = await initialize(channel, ownInitialize);
  const version = hello.result['protocolVersion'];
  if (typeof version !== 'string' || !legacyVersions.includes(version)) {
    throw new HandshakeFailed('the server answered initialize with a protocol version the bridge does not know');
  }
  channel.send(initialized);
  return hello;
}

/**
 * Open the child for one client, with what that client has said; the client sends `notifications/initialized` itself.
 * @throws HandshakeFailed
 */
export const initialize = async (channel: Channel, params: ByteString): Promise<Hello> => {
  const answer = await ask(channel, 'initialize', params);
  if (answer.error !== undefined) {
    const said = clipped(textOf(cut(answer.text, answer.error)), 300);
    throw new HandshakeFailed(`the server refused initialize: ${said}`);
  }
  return readHello('legacy', answer);
};

async function ask(channel: Channel, method: string, params: ByteString): Promise<ResponseMessage> {
  const text = bytes`{"jsonrpc":"2.0","id":0,"method":${json(method)},"params":${params}}`;
  try {
    return await channel.request(readMessage(text) as RequestMessage).answer;
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    throw new HandshakeFailed(`the server closed its output before it answered ${method}`);
  }
}

function readHello(era: Hello['era'], answer: ResponseMessage): Hello {
  const resultText = cut(answer.text, answer.result!);
  const result: unknown = JSON.parse(textOf(resultText));
  if (typeof result !== 'object' || result === null || Array.isArray(result)) {
    throw new HandshakeFailed('the server answered the handshake with something other than an object');
  }
  return { era, result: result as Record<string, unknown>, resultText };
}
