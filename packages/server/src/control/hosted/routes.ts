import { hosted } from '@mcpnest/contract/operations/hosted';
import { hostedCatalogue } from '@mcpnest/contract/operations/hosted-catalogue';
import { hostedImages } from '@mcpnest/contract/operations/hosted-images';
import type { Kysely } from 'kysely';
import type { Bus } from '../../platform/bus/bus.ts';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import { confirmActor } from '../authenticate.ts';
import { administers } from '../membership.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { createSeats } from '../seats.ts';
import { listCatalogue } from './catalogue.ts';
import { deploy, restart, terminate } from './hosted.ts';
import { requireEntry, type Hosting } from './hosting.ts';
import { allowImage, listImages, revokeImage, viewImage } from './images.ts';
import { followLogs, requireLogs } from './logs.ts';
import { requireOwnInstance, visibleInstance, visibleInstances, type FoundInstance } from './queries.ts';
import { refusePrivateNames } from './reached.ts';
import { faringOf, viewInstances, viewUsage } from './view.ts';

/** The routes of `operations/hosted*.ts`. */
export function hostedRoutes(deps: {
  readonly db: Kysely<Schema>;
  readonly bus: Bus;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly hosting: Hosting;
}): Route[] {
  const { db, bus, vault, clock, hosting } = deps;
  /** After the change; the orchestrator also looks by itself. */
  const nudge = (id: string): Promise<void> => bus.publish('hosted.wanted', id).catch(() => undefined);
  const takeSeat = createSeats();
  return [
    route(hostedCatalogue.list, ({ workspace, actor }) => listCatalogue(db, hosting, workspace, actor)),
    route(hosted.deploy, async ({ change, workspace, actor, input }) => {
      const entry = requireEntry(hosting, input.body.slug);
      // Who may not deploy it learns nothing of names.
      if (entry.personal || administers(actor))
        await refusePrivateNames(db, entry, new Map(Object.entries(input.body.env)));
      const { id } = await change((made) => deploy(made, hosting, vault, workspace, input.body));
      await nudge(id);
      return { instance_id: id, state: 'pending' as const };
    }),
    route(hosted.list, async ({ workspace, actor }) => {
      const found = await visibleInstances(db, workspace, actor);
      return { items: await viewInstances(db, hosting, workspace, found, clock.now()) };
    }),
    route(hosted.show, async ({ workspace, actor, input }) => {
      const found = await visibleInstance(db, workspace, actor, input.params.instance);
      return (await viewInstances(db, hosting, workspace, [found], clock.now()))[0]!;
    }),
    route(hosted.terminate, async ({ change, workspace, input }) => {
      await change((made) => terminate(made, workspace, input.params.instance));
      await nudge(input.params.instance);
      return undefined;
    }),
    route(hosted.restart, async ({ change, workspace, input }) => {
      const { id } = await change((made) => restart(made, hosting, vault, workspace, input.params.instance));
      await nudge(id);
      return { instance_id: id, state: 'pending' as const };
    }),
    route(hosted.logs, async ({ workspace, actor, input }) => {
      const found = await requireOwnInstance(db, workspace, actor, input.params.instance);
      const lines = await requireLogs(hosting).tail(found.row.id, input.query.tail);
      const { state, health, headline } = (await faringOf(db, [found])).get(found.row.id)!;
      return { instance_id: found.row.id, state, health, headline, lines: [...lines] };
    }),
    route(hosted.follow, async ({ workspace, actor, input }) => {
      const mayStill = async (): Promise<FoundInstance> => {
        await confirmActor(db, actor, isoTime(clock.now()));
        return requireOwnInstance(db, workspace, actor, input.params.instance);
      };
      const logs = requireLogs(hosting);
      const found = await mayStill();
      return followLogs(db, logs, found, mayStill, takeSeat(actor));
    }),
    route(hosted.usage, async ({ workspace, actor, input }) =>
      viewUsage(db, workspace, await visibleInstance(db, workspace, actor, input.params.instance)),
    ),
    route(hostedImages.list, async () => ({ items: (await listImages(db)).map(viewImage) })),
    route(hostedImages.allow, async ({ change, input }) =>
      viewImage(await change((made) => allowImage(made, hosting.catalogue, input.body))),
    ),
    route(hostedImages.revoke, ({ change, input }) =>
      change((made) => revokeImage(made, input.params.image)).then(() => undefined),
    ),
  ];
}
