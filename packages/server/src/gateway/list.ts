import { ascii, byteString, bytes, type ByteString } from '../platform/byte-string.ts';
import { member, sourceText, stringValue } from '../platform/json/scan.ts';
import { AppError } from '../domain/errors.ts';
import { unchangedUntil, viewKey } from '../domain/policy.ts';
import { implementation, metaKey } from '../domain/protocol.ts';
import { searchToolTexts } from '../domain/search-tools.ts';
import type { SnapshotServer } from '../domain/snapshot.ts';
import { exposeUi } from './answer-uris.ts';
import type { CatalogueEntry, CatalogueListing } from './catalogue.ts';
import { clientInfoOf } from './client-info.ts';
import { renamed } from './definitions.ts';
import type { GatewayDeps } from './deps.ts';
import type { Exchanged } from './inbound.ts';
import { listForms, type ListKind } from './list-kinds.ts';
import type { Message } from './message.ts';
import { invalidParams } from './rpc-error.ts';
import { showsSearch, toolListMode, weightOf } from './search/shown-list.ts';

/** How long a client may keep a list without asking: short, because a rule may change at any time. */
export const listTtlMs = 5_000;

/** A page ends with whichever comes first. Characters of JSON text. */
const pageLimits = { entries: 1_000, length: 1024 * 1024 } as const;

/**
 * Answer a list request: one merged list in server order, filtered by the same function that decides calls. Lists come
 * from memory; servers that have none are named under `_meta`, and when none of several has one, that is an error
 * and not an empty list.
 * @throws RpcError, AppError
 */
export async function answerList(deps: GatewayDeps, call: Exchanged, message: Message, kind: ListKind): Promise<void> {
  const { held, principal, server, era } = call;
  const modern = era.kind === 'modern';
  const asked: Extras = {
    health: wants(message, metaKey.health),
    weight: kind === 'tools' && wants(message, metaKey.weight),
  };
  const usual = !asked.health && !asked.weight;
  const who = viewKey(held.snapshot, principal);
  const mode = kind === 'tools' ? toolListMode(call) : 'all';
  const cacheKey = `${kind}/${mode}/${principal.workspaceId}/${server?.id ?? ''}/${modern ? 'm' : 'l'}/${who}`;
  if (kind === 'tools') deps.connections.note(call, clientInfoOf(call, message), true);
  const now = deps.clock.now();
  const cached = usual ? deps.renderedLists.get(cacheKey) : undefined;
  const generation = deps.catalogue.generation(principal.workspaceId, kind);
  const current = cached !== undefined && cached.generation === generation && cached.version === held.snapshot.version;
  if (current && cached.complete && now < cached.until) {
    deps.catalogue.refresh(held, kind);
    return sendPage(deps, call, message, cacheKey, cached);
  }
  const listing = await deps.catalogue.list(held, principal, server, kind);
  requireSome(listing);
  const list: RenderedList = {
    generation: listing.generation,
    version: held.snapshot.version,
    until: unchangedUntil(held.snapshot, now),
    complete: listing.missing.length === 0,
    pages: render(deps, call, listing, kind, asked),
  };
  if (usual) keep(deps, cacheKey, list);
  sendPage(deps, call, message, cacheKey, list);
}

/**
 * No list is not an empty list.
 * @throws AppError where no server has one
 */
export function requireSome({ visible, missing }: CatalogueListing): void {
  if (visible.length === 0 || missing.length < visible.length) return;
  const slugs = missing.map(({ slug }) => slug).join(', ');
  throw new AppError('upstream_failed', `No server of this workspace can be reached: ${slugs}.`);
}

/** What a request wants to know beside the list. */
interface Extras {
  readonly health: boolean;
  readonly weight: boolean;
}

/** A finished list, worthless as soon as the snapshot or any upstream's list changes. */
export interface RenderedList {
  readonly generation: number;
  readonly version: number;
  /** When a rule ends and it may be another; milliseconds since the epoch. */
  readonly until: number;
  /** False while some server's list was missing from it. */
  readonly complete: boolean;
  /** Results without their closing brace, so that a cursor can follow. */
  readonly pages: readonly ByteString[];
}

const maxRenderedBytes = 32 * 1024 * 1024;

function keep(deps: GatewayDeps, cacheKey: string, list: RenderedList): void {
  const kept = [...deps.renderedLists.values()].reduce((sum, { pages }) => sum + lengthOf(pages), 0);
  if (kept + lengthOf(list.pages) > maxRenderedBytes) deps.renderedLists.clear();
  deps.renderedLists.set(cacheKey, list);
}

const lengthOf = (pages: readonly ByteString[]): number => pages.reduce((sum, page) => sum + page.length, 0);

/** The page that the request's cursor names; the first one where it has none. `""` is a cursor, too, and unknown. */
function sendPage(deps: GatewayDeps, call: Exchanged, message: Message, cacheKey: string, list: RenderedList): void {
  const cursor = member(message.params, 'cursor');
  const place = {
    tokenId: call.principal.tokenId,
    list: `${cacheKey}/${list.generation}/${list.version}/${list.until}`,
  };
  const page = cursor === undefined ? 0 : deps.cursors.read(stringValue(message.bytes, cursor) ?? '', place);
  const body = page === undefined ? undefined : list.pages[page];
  if (page === undefined || body === undefined) {
    throw invalidParams('Unknown cursor. The list may have changed: ask again without a cursor.');
  }
  const next = page + 1 < list.pages.length ? deps.cursors.write({ ...place, page: page + 1 }) : undefined;
  const end = next === undefined ? '}' : `,"nextCursor":"${next}"}`;
  deps.replies.result(call.inbound, message.idText, bytes`${body}${ascii(end)}`);
}

function render(
  deps: GatewayDeps,
  call: Exchanged,
  listing: CatalogueListing,
  kind: ListKind,
  asked: Extras,
): ByteString[] {
  const modern = call.era.kind === 'modern';
  const meta: Record<string, unknown> = {};
  if (modern) meta[metaKey.serverInfo] = implementation;
  if (listing.missing.length > 0) meta[metaKey.unavailable] = listing.missing.map(({ slug }) => slug);
  if (asked.weight) meta[metaKey.weight] = { tools: listing.entries.length, ...weightOf(listing.entries) };
  if (asked.health) {
    meta[metaKey.health] = Object.fromEntries(listing.visible.map((server) => [server.slug, healthOf(deps, server)]));
  }
  const members: string[] = [];
  if (modern) members.push(`"resultType":"complete","ttlMs":${listTtlMs},"cacheScope":"private"`);
  if (Object.keys(meta).length > 0) members.push(`"_meta":${JSON.stringify(meta)}`);
  const searched = kind === 'tools' && showsSearch(call, listing.entries);
  const texts = searched ? searchToolTexts : listing.entries.map((entry) => definitionText(deps, call, entry));
  return paginate(texts).map((entries) =>
    byteString(`{${[`"${listForms[kind].member}":[${entries.join(',')}]`, ...members].join(',')}`),
  );
}

/** A drill shows as what it is. */
function healthOf(deps: GatewayDeps, { id, drill }: SnapshotServer): object {
  const health = deps.health.of(id);
  const runs = (drill ?? null) !== null && Date.parse(drill!.endsAt) > deps.clock.now();
  return runs ? { ...health, state: 'drill' } : health;
}

/** A definition as a list has it. */
export function definitionText(
  deps: GatewayDeps,
  call: Exchanged,
  { definition, name, server }: CatalogueEntry,
): string {
  const text = renamed(definition, name);
  if (!definition.hasUi || call.server !== undefined) return text;
  const expose = deps.catalogue.marks(call.principal.workspaceId, server);
  return expose === undefined ? text : exposeUi(text, expose);
}

function paginate(texts: readonly string[]): string[][] {
  const pages: string[][] = [[]];
  let length = 0;
  for (const text of texts) {
    const page = pages.at(-1)!;
    if (page.length > 0 && (page.length === pageLimits.entries || length + text.length > pageLimits.length)) {
      pages.push([text]);
      length = text.length;
    } else {
      page.push(text);
      length += text.length;
    }
  }
  return pages;
}

function wants(message: Message, key: string): boolean {
  const node = member(message.meta, key);
  return node !== undefined && sourceText(message.bytes, node) === 'true';
}
