import { canonicalJson } from '../../platform/json/canonical.ts';
import type { JsonNode } from '../../platform/json/scan.ts';
import { createKeyedDigest } from '../../platform/keyed-digest.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import type { CallTarget } from '../call-target.ts';
import type { Message } from '../message.ts';
import type { Principal } from '../../domain/policy.ts';

/** What tells one call from another without holding any of its values. */
export interface CallKey {
  /** Keyed digest of what is sent along with the name, hex. */
  readonly argsMac: string;
  /** The same of requester, server and where it is, tool, the tool's definition and `argsMac`: what an approval is of. */
  readonly call: string;
}

/**
 * Makes the keys of calls: HMAC-SHA-256 (RFC 2104) over canonical JSON, under a key of this installation. Unlike the
 * digest in call records its key does not change, so that an approval holds over the turn of a quarter.
 */
export class CallKeys {
  readonly #digest: (text: string) => string;

  constructor({ vault }: { readonly vault: Vault }) {
    this.#digest = createKeyedDigest(vault.deriveKey('gateway/approvals'));
  }

  of(principal: Principal, target: CallTarget, message: Message): CallKey {
    return this.#of(principal, target, message, besides);
  }

  /** Of a call that is sent once more with what its server asked for: the key of its first sending. */
  ofFirst(principal: Principal, target: CallTarget, message: Message): CallKey {
    return this.#of(principal, target, message, besidesAnswers);
  }

  #of(
    principal: Principal,
    { server, definition }: CallTarget,
    { bytes, params }: Message,
    left: ReadonlySet<string>,
  ): CallKey {
    const { workspaceId, tokenId } = principal;
    const sent = params === undefined ? '{}' : canonicalJson(bytes, without(params, left));
    const argsMac = this.#digest(JSON.stringify(['arguments', workspaceId, sent]));
    const parts = ['call', workspaceId, tokenId, server.id, server.url, definition.name, definition.hash, argsMac];
    return { argsMac, call: this.#digest(JSON.stringify(parts)) };
  }
}

/** A tool has several names and one identity, and `_meta` differs from one try to the next; everything else counts. */
const besides: ReadonlySet<string> = new Set(['name', '_meta']);
const besidesAnswers: ReadonlySet<string> = new Set([...besides, 'inputResponses', 'requestState']);

function without(params: JsonNode, left: ReadonlySet<string>): JsonNode {
  const kept = params.keys.flatMap((key, i) => (left.has(key) ? [] : [i]));
  return { ...params, keys: kept.map((i) => params.keys[i]!), children: kept.map((i) => params.children[i]!) };
}
