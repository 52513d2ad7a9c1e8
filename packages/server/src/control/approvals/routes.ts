import { approvalSettings } from '@mcpnest/contract/operations/approval-settings';
import { approvals } from '@mcpnest/contract/operations/approvals';
import type { Kysely } from 'kysely';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { approveCall, listApprovals, refuseCall } from './approvals.ts';
import { getApproval } from './detail.ts';
import { listSettings, updateSettings } from './settings.ts';

/** The routes of `operations/approvals.ts` and `operations/approval-settings.ts`. */
export function approvalRoutes({ db, clock }: { readonly db: Kysely<Schema>; readonly clock: Clock }): Route[] {
  return [
    route(approvals.list, ({ workspace, actor, input }) =>
      listApprovals(db, workspace, actor, input.query, isoTime(clock.now())),
    ),
    route(approvals.get, ({ workspace, actor, input }) =>
      getApproval(db, workspace, actor, input.params.approval, isoTime(clock.now())),
    ),
    route(approvals.approve, ({ change, workspace, input }) =>
      change((made) => approveCall(made, workspace, input.params.approval)),
    ),
    route(approvals.refuse, ({ change, workspace, input }) =>
      change((made) => refuseCall(made, workspace, input.params.approval, input.body)),
    ),
    route(approvalSettings.list, async ({ workspace, input }) => ({
      items: await listSettings(db, workspace, input.params.server),
    })),
    route(approvalSettings.update, async ({ change, workspace, input }) => ({
      items: await change((made) => updateSettings(made, workspace, input.params.server, input.body)),
    })),
  ];
}
