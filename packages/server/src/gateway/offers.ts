import { relayedExtensions } from './bridge/capabilities.ts';
import { visibleTo } from './catalogue.ts';
import type { GatewayDeps } from './deps.ts';
import type { Exchanged } from './inbound.ts';
import type { ListKind } from './list-kinds.ts';
import { patienceMs } from './shelf.ts';
import type { ServerFeatures } from './upstreams/features.ts';

/** Capabilities as a server declares them. */
export type Capabilities = Readonly<Record<string, object>>;

/**
 * What this caller can reach, as `initialize` and `server/discover` declare it: tools and log messages always, prompts,
 * resources, completions and extensions where some server it may use serves them. Waits at most as long as a list may
 * take that was never read; what is not known by then is left out.
 */
export async function capabilitiesFor(deps: GatewayDeps, call: Exchanged): Promise<Capabilities> {
  const { held, principal, server } = call;
  const served = (kind: ListKind): Promise<boolean> => deps.catalogue.served(held, principal, server, kind);
  const [prompts, resources, templates, features] = await Promise.all([
    served('prompts'),
    served('resources'),
    served('templates'),
    featuresFor(deps, call),
  ]);
  const extensions = extensionsOf(features, server === undefined);
  // What cannot be used needs no completing either.
  const completes = (prompts || resources || templates) && features.some(({ completions }) => completions);
  const subscribe = features.some(({ resourceSubscribe }) => resourceSubscribe);
  return {
    tools: { listChanged: true },
    logging: {},
    ...(prompts ? { prompts: { listChanged: true } } : {}),
    ...(resources || templates ? { resources: { listChanged: true, ...(subscribe ? { subscribe } : {}) } } : {}),
    ...(completes ? { completions: {} } : {}),
    ...(Object.keys(extensions).length > 0 ? { extensions } : {}),
  };
}

/** What the servers this caller may use have declared, as far as it is known in time. */
async function featuresFor(
  { upstreams }: GatewayDeps,
  { held, principal, server }: Exchanged,
): Promise<ServerFeatures[]> {
  const servers = visibleTo(held.snapshot, principal, server);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs);
  });
  const learned = servers.map(async (each) => {
    try {
      return await Promise.race([upstreams.of(held, each).features(), late]);
    } catch {
      return undefined;
    }
  });
  const known = await Promise.all(learned);
  clearTimeout(timer);
  return known.filter((features) => features !== undefined);
}

/** At the URL of one server all of its extensions can be honoured; in a whole workspace those the gateway knows. */
function extensionsOf(features: readonly ServerFeatures[], known: boolean): Record<string, unknown> {
  const extensions: Record<string, unknown> = {};
  for (const [id, settings] of features.flatMap((each) => [...each.extensions])) {
    if (!known) extensions[id] = JSON.parse(settings);
    else if (relayedExtensions.has(id)) extensions[id] = {};
  }
  return extensions;
}
