import { invitations } from '@mcpnest/contract/operations/invitations';
import type { Kysely } from 'kysely';
import { isoTime } from '../../platform/clock.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { toApiKey } from '../api-keys/api-keys.ts';
import { consoleUrl } from '../console-url.ts';
import { showMember } from '../members/members.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { acceptInvitation, createInvitation, listInvitations, revokeInvitation } from './invitations.ts';

interface InvitationDeps {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
  readonly publicUrl: () => string;
}

/** The routes of `operations/invitations.ts`, but for the one that signs in as well. */
export function invitationRoutes({ db, clock, publicUrl }: InvitationDeps): Route[] {
  return [
    route(invitations.create, async ({ change, workspace, input }) => {
      const made = await change((each) => createInvitation(each, workspace, input.body));
      return { ...made, link: consoleUrl(publicUrl(), `/invitation#${made.secret}`) };
    }),
    route(invitations.list, async ({ workspace }) => ({
      items: await listInvitations(db, workspace, isoTime(clock.now())),
    })),
    route(invitations.revoke, async ({ change, workspace, input }) => {
      await change((made) => revokeInvitation(made, workspace, input.params.invitation));
      return undefined;
    }),
    route(invitations.accept, ({ change, input }) =>
      change(async (made) => {
        const { workspace, memberId, key } = await acceptInvitation(made, input.body);
        return {
          workspace: workspace.slug,
          member: await showMember(made.tx, workspace, memberId),
          apiKey: toApiKey(key.row),
          secret: key.secret,
        };
      }),
    ),
  ];
}
