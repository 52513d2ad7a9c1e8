import { reviews } from '@mcpnest/contract/operations/reviews';
import { serverTools } from '@mcpnest/contract/operations/server-tools';
import { servers } from '@mcpnest/contract/operations/servers';
import type { Kysely } from 'kysely';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { clearCredential, setCredential } from './credential.ts';
import { healthBars } from './health-bars.ts';
import { decideTools } from './pins.ts';
import { selectRevisions, selectServer } from './queries.ts';
import { reviewServer } from './review.ts';
import { createServer, moveServer, removeServer, rollbackServer, updateServer } from './servers.ts';
import { classifyTools, listTools } from './tools.ts';
import { serverHealth, viewRevision, viewServer, viewServers } from './view.ts';
import { serversSeenBy, visibleServer, visibleServers } from './visibility.ts';

/** The routes of `operations/servers.ts`. */
export function serverRoutes(deps: {
  readonly db: Kysely<Schema>;
  readonly vault: Vault;
  readonly clock: Clock;
}): Route[] {
  const { db, vault, clock } = deps;
  const at = (): string => isoTime(clock.now());
  return [
    route(servers.create, async ({ change, workspace, actor, input }) =>
      viewServer(db, workspace, actor, await change((made) => createServer(made, workspace, input.body)), at()),
    ),
    route(servers.list, async ({ workspace, actor }) => ({
      items: await viewServers(db, workspace, actor, await visibleServers(db, workspace, actor), at()),
    })),
    route(servers.listAs, async ({ workspace, actor, input }) => {
      const rows = await serversSeenBy(db, workspace, input.params.member);
      const items = await viewServers(db, workspace, actor, rows, at());
      return { items: items.map((item) => ({ ...item, visibility: null })) };
    }),
    route(servers.show, async ({ workspace, actor, input }) =>
      viewServer(db, workspace, actor, await visibleServer(db, workspace, actor, input.params.server), at()),
    ),
    route(servers.update, async ({ change, workspace, actor, input }) =>
      viewServer(
        db,
        workspace,
        actor,
        await change((made) => updateServer(made, workspace, input.params.server, input.body)),
        at(),
      ),
    ),
    route(servers.move, async ({ change, workspace, actor, input }) => ({
      items: await viewServers(
        db,
        workspace,
        actor,
        await change((made) => moveServer(made, workspace, input.params.server, input.body.position)),
        at(),
      ),
    })),
    route(servers.remove, ({ change, workspace, input }) =>
      change((made) => removeServer(made, workspace, input.params.server)).then(() => undefined),
    ),
    route(servers.revisions, async ({ workspace, input }) => {
      const row = await selectServer(db, workspace.id, input.params.server);
      return { items: (await selectRevisions(db, row.id)).map(viewRevision) };
    }),
    route(servers.rollback, async ({ change, workspace, actor, input }) =>
      viewServer(
        db,
        workspace,
        actor,
        await change((made) => rollbackServer(made, workspace, input.params.server, input.body)),
        at(),
      ),
    ),
    route(servers.setCredential, async ({ change, workspace, actor, input }) =>
      viewServer(
        db,
        workspace,
        actor,
        await change((made) => setCredential(made, vault, workspace, input.params.server, input.body)),
        at(),
      ),
    ),
    route(servers.clearCredential, async ({ change, workspace, actor, input }) =>
      viewServer(
        db,
        workspace,
        actor,
        await change((made) => clearCredential(made, workspace, input.params.server)),
        at(),
      ),
    ),
    route(servers.health, async ({ workspace, actor, input }) => {
      const row = await visibleServer(db, workspace, actor, input.params.server);
      return (await serverHealth(db, [row], at())).get(row.id)!;
    }),
    route(servers.healthHistory, async ({ workspace, actor, input }) => {
      const row = await visibleServer(db, workspace, actor, input.params.server);
      return healthBars(db, row.id, input.query, clock.now());
    }),
    route(serverTools.list, async ({ workspace, input }) => ({
      items: await listTools(db, workspace, input.params.server),
    })),
    route(serverTools.classify, async ({ change, workspace, input }) => {
      await change((made) => classifyTools(made, workspace, input.params.server, input.body));
      return { items: await listTools(db, workspace, input.params.server) };
    }),
    route(reviews.show, ({ workspace, input }) => reviewServer(db, workspace, input.params.server, input.query.tool)),
    route(reviews.approve, async ({ change, workspace, input }) => {
      await change((made) => decideTools(made, workspace, input.params.server, 'approved', input.body.tools));
      return reviewServer(db, workspace, input.params.server);
    }),
    route(reviews.refuse, async ({ change, workspace, input }) => {
      await change((made) => decideTools(made, workspace, input.params.server, 'refused', input.body.tools));
      return reviewServer(db, workspace, input.params.server);
    }),
  ];
}
