import type { Operation } from './operation.ts';
import { access } from './operations/access.ts';
import { accessRequests } from './operations/access-requests.ts';
import { allowlists } from './operations/allowlists.ts';
import { approvalSettings } from './operations/approval-settings.ts';
import { approvals } from './operations/approvals.ts';
import { apiKeys } from './operations/api-keys.ts';
import { auditEvents } from './operations/audit-events.ts';
import { calls } from './operations/calls.ts';
import { checkpointTargets } from './operations/checkpoint-targets.ts';
import { handover } from './operations/handover.ts';
import { invitations } from './operations/invitations.ts';
import { impacts, search } from './operations/console.ts';
import { connections } from './operations/connections.ts';
import { drills } from './operations/drills.ts';
import { imports } from './operations/imports.ts';
import { instanceSinks } from './operations/instance-sinks.ts';
import { hosted } from './operations/hosted.ts';
import { hostedCatalogue } from './operations/hosted-catalogue.ts';
import { hostedImages } from './operations/hosted-images.ts';
import { holds } from './operations/holds.ts';
import { instance } from './operations/instance.ts';
import { instanceKeys } from './operations/instance-keys.ts';
import { machines } from './operations/machines.ts';
import { manifests } from './operations/manifests.ts';
import { members } from './operations/members.ts';
import { network } from './operations/network.ts';
import { policy } from './operations/policy.ts';
import { proofKeys } from './operations/proof-keys.ts';
import { proofs } from './operations/proofs.ts';
import { people } from './operations/people.ts';
import { retention } from './operations/retention.ts';
import { reviews } from './operations/reviews.ts';
import { rules } from './operations/rules.ts';
import { serverTools } from './operations/server-tools.ts';
import { session } from './operations/session.ts';
import { sessions } from './operations/sessions.ts';
import { setup } from './operations/setup.ts';
import { servers } from './operations/servers.ts';
import { sinks } from './operations/sinks.ts';
import { statistics } from './operations/statistics.ts';
import { stops } from './operations/stops.ts';
import { teams } from './operations/teams.ts';
import { timelines } from './operations/timelines.ts';
import { toolWeights } from './operations/tool-weights.ts';
import { tools } from './operations/tools.ts';
import { tokens } from './operations/tokens.ts';
import { passkeys, password, passwordReset } from './operations/ways-in.ts';
import { webhooks } from './operations/webhooks.ts';
import { workspaces } from './operations/workspaces.ts';

/** Everything the control plane can do, by noun and verb. What is not here has no route. */
export const operations = {
  session,
  sessions,
  password,
  passkeys,
  passwordReset,
  setup,
  workspaces,
  servers,
  imports,
  serverTools,
  tools,
  hostedCatalogue,
  hosted,
  hostedImages,
  manifests,
  drills,
  reviews,
  tokens,
  connections,
  members,
  teams,
  machines,
  invitations,
  rules,
  allowlists,
  policy,
  access,
  toolWeights,
  accessRequests,
  stops,
  approvalSettings,
  approvals,
  webhooks,
  apiKeys,
  instanceKeys,
  network,
  calls,
  statistics,
  timelines,
  search,
  impacts,
  auditEvents,
  retention,
  holds,
  people,
  proofs,
  proofKeys,
  checkpointTargets,
  handover,
  sinks,
  instanceSinks,
  instance,
} as const;

/** The same as a flat list, in the order of the documentation. */
export const allOperations: readonly Operation[] = Object.values(operations).flatMap((noun): Operation[] =>
  Object.values(noun),
);
