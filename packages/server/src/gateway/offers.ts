import type { GatewayDeps } from './deps.ts';
import type { Exchanged } from './inbound.ts';
import type { ListKind } from './list-kinds.ts';

/** Capabilities as a server declares them. */
export type Capabilities = Readonly<Record<string, object>>;

/**
 * What this caller can reach, as `initialize` and `server/discover` declare it: tools and log messages always, prompts,
 * resources and completions where some server it may use serves them. Waits at most as long as a list may take that was
 * never read; what is not known by then is left out.
 */
export async function capabilitiesFor(
  deps: GatewayDeps,
  { held, principal, server }: Exchanged,
): Promise<Capabilities> {
  const served = (kind: ListKind): Promise<boolean> => deps.catalogue.served(held, principal, server, kind);
  const [prompts, resources, templates] = await Promise.all([
    served('prompts'),
    served('resources'),
    served('templates'),
  ]);
  return {
    tools: {},
    logging: {},
    ...(prompts ? { prompts: {} } : {}),
    ...(resources || templates ? { resources: {} } : {}),
    // Only arguments of prompts and of templates can be completed.
    ...(prompts || templates ? { completions: {} } : {}),
  };
}
