import { byteString, type ByteString } from '../platform/byte-string.ts';
import { member, sourceText } from '../platform/json/scan.ts';
import { AppError } from '../domain/errors.ts';
import { implementation, metaKey } from '../domain/protocol.ts';
import type { CatalogueListing } from './catalogue.ts';
import { renamed } from './definitions.ts';
import type { GatewayDeps } from './deps.ts';
import type { Exchanged } from './inbound.ts';
import type { Message } from './message.ts';
import { invalidParams } from './rpc-error.ts';

/** How long a client may keep a list without asking: short, because a rule may change at any time. */
const listTtlMs = 5_000;

/**
 * Answer `tools/list`: one merged list in server order, filtered by the same function that decides calls. Lists come
 * from memory; servers that have none are named under `_meta`, and when none of several has one, that is an error
 * and not an empty list.
 */
export async function listTools(deps: GatewayDeps, call: Exchanged, message: Message): Promise<void> {
  if (member(message.params, 'cursor') !== undefined) throw invalidParams('Unknown cursor: this list has one page.');
  const { held, principal, server, era } = call;
  const modern = era.kind === 'modern';
  const wantsHealth = wants(message, metaKey.health);
  // Without a scope every token of the workspace sees the same.
  const who = principal.scope === null ? principal.workspaceId : principal.tokenId;
  const cacheKey = `${who}/${server?.id ?? ''}/${modern ? 'm' : 'l'}`;
  const cached = wantsHealth ? undefined : deps.renderedLists.get(cacheKey);
  const generation = deps.catalogue.generation(principal.workspaceId);
  const current = cached !== undefined && cached.generation === generation && cached.version === held.snapshot.version;
  if (current && cached.complete) {
    deps.catalogue.refresh(held);
    deps.replies.result(call.inbound, message.idText, cached.body);
    return;
  }
  const listing = await deps.catalogue.list(held, principal, server);
  if (listing.visible.length > 0 && listing.missing.length === listing.visible.length) {
    const slugs = listing.missing.map(({ slug }) => slug).join(', ');
    throw new AppError('upstream_failed', `No server of this workspace can be reached: ${slugs}.`);
  }
  const body = byteString(render(deps, listing, modern, wantsHealth));
  if (!wantsHealth) {
    const kept = [...deps.renderedLists.values()].reduce((sum, list) => sum + list.body.length, 0);
    if (kept + body.length > maxRenderedBytes) deps.renderedLists.clear();
    const complete = listing.missing.length === 0;
    deps.renderedLists.set(cacheKey, {
      generation: listing.generation,
      version: held.snapshot.version,
      complete,
      body,
    });
  }
  deps.replies.result(call.inbound, message.idText, body);
}

/** A finished list, worthless as soon as the snapshot or any upstream's list changes. */
export interface RenderedList {
  readonly generation: number;
  readonly version: number;
  /** False while some server's tools were missing from it. */
  readonly complete: boolean;
  readonly body: ByteString;
}

const maxRenderedBytes = 32 * 1024 * 1024;

function render(deps: GatewayDeps, listing: CatalogueListing, modern: boolean, wantsHealth: boolean): string {
  const tools = listing.entries.map(({ definition, name }) => renamed(definition, name));
  const meta: Record<string, unknown> = {};
  if (modern) meta[metaKey.serverInfo] = implementation;
  if (listing.missing.length > 0) meta[metaKey.unavailable] = listing.missing.map(({ slug }) => slug);
  if (wantsHealth) {
    meta[metaKey.health] = Object.fromEntries(listing.visible.map(({ slug, id }) => [slug, deps.health.of(id)]));
  }
  const members = [`"tools":[${tools.join(',')}]`];
  if (modern) members.push(`"resultType":"complete","ttlMs":${listTtlMs},"cacheScope":"private"`);
  if (Object.keys(meta).length > 0) members.push(`"_meta":${JSON.stringify(meta)}`);
  return `{${members.join(',')}}`;
}

function wants(message: Message, key: string): boolean {
  const node = member(message.meta, key);
  return node !== undefined && sourceText(message.bytes, node) === 'true';
}
