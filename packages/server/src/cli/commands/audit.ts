import type { AccessAsOf, AccessChanges } from '@mcpnest/contract/schemas/access-history';
import type { CallExplanation } from '@mcpnest/contract/schemas/explanations';
import type { Command } from 'commander';
import { chooseWorkspace, wholeNumber } from '../choose.ts';
import { exit, UsageError } from '../fault.ts';
import { fields, print, table } from '../output.ts';
import type { Shell } from '../program.ts';

interface AccessOptions {
  asOf?: string;
  from?: string;
  to?: string;
  member?: string;
  machine?: string;
  team?: string;
  server?: string;
  all?: true;
  limit: number;
  cursor?: string;
  workspace?: string;
  json?: true;
}

/** `mcpnest audit explain` and `mcpnest audit access`: records and policies of the past, asked again. */
export function auditCommands(audit: Command, { io, withClient, exitWith }: Shell): void {
  audit
    .command('explain <call>')
    .description('decide a recorded call again, by the policy of then; fails unless the answer is the recorded one')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((call: string, options: { workspace?: string; json?: true }) =>
      withClient(async ({ client }) => {
        const params = { ...(await chooseWorkspace(client, options.workspace)), call };
        const explanation = await client.calls.explain({ params });
        print(io, options.json, explanation, () => explanationText(explanation));
        if (explanation.verdict === 'different' || explanation.verdict === 'unproven') exitWith(exit.failed);
      }),
    );
  audit
    .command('access')
    .description('who could call what at a moment, and why; with --from, what changed until --to')
    .option('--as-of <date>', 'a day (its end) or a moment (ISO 8601, UTC); now when left out', readMoment)
    .option('--from <date>', 'the earlier of two moments', readMoment)
    .option('--to <date>', 'the later one; now when left out', readMoment)
    .option('--member <member>', 'email or id')
    .option('--machine <machine>', 'name or id')
    .option('--team <team>', 'slug or id: who was in it then')
    .option('--server <slug>')
    .option('--all', 'what was denied or hidden, too')
    .option('--limit <rows>', 'rows per page, at most 1000', wholeNumber, 200)
    .option('--cursor <cursor>', 'nextCursor of the page before')
    .option('--workspace <slug>')
    .option('--json', 'print JSON')
    .action((options: AccessOptions) =>
      withClient(async ({ client }) => {
        const { workspace, json, all, asOf, from, to, ...query } = options;
        if (asOf !== undefined && (from ?? to) !== undefined)
          throw new UsageError('Ask about one moment (--as-of) or about two (--from, --to).');
        const params = await chooseWorkspace(client, workspace);
        if ((from ?? to) === undefined) {
          const show = all === true ? 'all' : 'allowed';
          const page = await client.access.asOf({ params, query: { ...query, at: asOf, show } });
          print(io, json, page, () => asOfText(page));
          more(json, page.nextCursor);
        } else {
          const page = await client.access.changes({ params, query: { ...query, from, to } });
          print(io, json, page, () => changesText(page));
          more(json, page.nextCursor);
        }
      }),
    );

  function more(json: true | undefined, cursor: string | null): void {
    if (json !== true && cursor !== null) io.err(`More: --cursor ${cursor}\n`);
  }
}

/** A day means its end; of what is still to come the server knows as much as of now. */
function readMoment(text: string): string {
  const at = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T23:59:59.999Z` : text);
  if (Number.isNaN(at)) throw new UsageError(`'${text}' is no date. Write 2026-11-21 or 2026-11-21T12:00:00Z.`);
  return new Date(at).toISOString();
}

function explanationText({
  call,
  verdict,
  reason,
  policy,
  caller,
  decision,
  inForce,
  approval,
}: CallExplanation): string {
  const asked = `${call.method} ${call.server === null ? '' : `${call.server}:`}${call.tool}`;
  return fields({
    verdict,
    reason,
    call: `${call.createdAt} ${asked} → ${call.outcome} ${call.status}`,
    recorded: call.wouldDeny === null ? call.rule : `${call.rule} (would deny: ${call.wouldDeny})`,
    ...(decision === null
      ? {}
      : {
          decided: `${decision.effect} by ${decision.rule}`,
          because: decision.says,
          'rule by': decision.authorEmail ?? decision.author,
        }),
    caller: caller === null ? null : `${caller.subject}, token "${caller.tokenLabel}"`,
    teams: caller === null || caller.teams.length === 0 ? null : caller.teams.join(', '),
    scope: caller?.scope?.join(', '),
    ...(inForce === null
      ? {}
      : {
          mode: inForce.preset === 'strict' ? 'strict' : `open, enforcement ${inForce.enforcement ? 'on' : 'off'}`,
          class: inForce.toolClass,
          'shown to': inForce.visibility?.join(', ') ?? 'the whole workspace',
          'approval for': inForce.approval?.target,
          stops: inForce.stops.join(', ') || null,
          pinning: inForce.pin,
        }),
    approval: approval === null ? null : `${approval.id} ${approval.state} ${approval.decidedBy ?? ''}`.trimEnd(),
    policy: policy === null ? null : `version ${policy.version} of ${policy.since}, ${policy.digest}`,
    definition: call.definitionHash,
  });
}

const asOfText = ({ at, policy, items }: AccessAsOf): string =>
  `As of ${at}, by version ${policy.version} of the policy (${policy.digest}).\n\n` +
  table(items, {
    who: (row) => (row.token === null ? row.subject : `${row.subject} "${row.token}"`),
    server: (row) => row.server,
    tool: (row) => row.tool,
    class: (row) => row.class,
    verdict: (row) => (row.approval ? `${row.verdict} once approved` : row.verdict),
    why: (row) => row.reason,
    known: (row) => row.known,
  });

const changesText = ({ from, to, policyBefore, policyAfter, items }: AccessChanges): string =>
  `From ${from} (version ${policyBefore.version}) to ${to} (version ${policyAfter.version}).\n\n` +
  table(items, {
    who: (row) => (row.token === null ? row.subject : `${row.subject} "${row.token}"`),
    server: (row) => row.server,
    tool: (row) => row.tool,
    before: (row) => row.before,
    after: (row) => row.after,
    why: (row) => row.reason,
  });
