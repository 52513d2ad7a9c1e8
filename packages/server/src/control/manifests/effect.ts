import type { ManifestDocument } from '@mcpnest/contract/schemas/manifests';
import type { Kysely } from 'kysely';
import { conflict } from '../../domain/errors.ts';
import { unclassified } from '../../domain/policy/tool-class.ts';
import type { ManifestFacts } from '../../domain/manifest.ts';
import type { Schema } from '../../platform/database/schema.ts';
import type { Change } from '../change.ts';
import { requireForManifest, toolsApprovedFor } from '../approvals/approvals.ts';
import type { WorkspaceRef } from '../operation.ts';
import {
  classifyTools,
  createServer,
  custodyOf,
  findServer,
  ownersOf,
  setOwner,
  toolsOf,
  updateServer,
  visibilityNames,
  type ServerRow,
} from '../servers/servers.ts';
import { readLimits } from '../stored.ts';
import type { Directory } from '../subjects.ts';
import { approvedTools } from './approvals.ts';

/** Tools that are classified in one go. */
const classesAtOnce = 500;

/** What a manifest would say of a server as that is now. */
export async function presentFacts(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  directory: Directory,
  row: ServerRow,
  { tools, ...said }: ManifestDocument,
): Promise<ManifestFacts> {
  const custody = custodyOf(row);
  const { principalPerMinute, toolPerMinute } = readLimits(row.limits);
  const classes = new Map(
    (await toolsOf(db, [row]))
      .get(row.id)!
      .filter(({ set }) => set)
      .map((one) => [one.tool, one.class]),
  );
  const approved = new Set(await toolsApprovedFor(db, row.id, approvedTools(tools)));
  const known = [...new Set([...classes.keys(), ...approved])];
  return {
    owner: (await ownersOf(db, workspace)).get(row.slug) ?? null,
    upstream: row.url,
    visibility: visibilityNames(row.visibility, directory),
    tools: Object.fromEntries(
      known.map((tool) => [
        tool,
        { access: classes.get(tool) ?? unclassified, approval: approved.has(tool) ? 'required' : 'none' },
      ]),
    ),
    limits: {
      ...(principalPerMinute === null ? {} : { per_user_rpm: principalPerMinute }),
      ...(toolPerMinute === null ? {} : { per_tool_rpm: toolPerMinute }),
    },
    // Of these a manifest may be silent, and then changes nothing.
    ...(said.maintainer === undefined ? {} : { maintainer: custody.maintainer }),
    ...(said.sensitivity === undefined ? {} : { sensitivity: custody.sensitivity }),
    ...(said.labels === undefined ? {} : { labels: custody.labels }),
  };
}

/**
 * Make the server what the manifest says. What a manifest does not speak of (its place, prefix, credential, whether it
 * is enabled, its other limits) stays the administrators'.
 * @param serverId of the server this manifest made; null: none yet
 * @returns id of the server
 * @throws AppError `conflict` when another server has taken the name
 */
export async function takeEffect(
  change: Change,
  workspace: WorkspaceRef,
  { name, upstream, visibility, tools, limits, maintainer, sensitivity, labels }: ManifestDocument,
  { teamId, serverId, note }: { readonly teamId: string; readonly serverId: string | null; readonly note: string },
): Promise<string> {
  const found = await findServer(change.tx, workspace.id, name);
  if (found !== undefined && found.id !== serverId) {
    throw conflict(`A server '${name}' that is not of this manifest exists. Remove it, or publish under another name.`);
  }
  const budgets = { principalPerMinute: limits.per_user_rpm ?? null, toolPerMinute: limits.per_tool_rpm ?? null };
  const settings = { url: upstream, limits: budgets, visibility, maintainer, sensitivity, labels, note };
  const row =
    found === undefined
      ? await createServer(change, workspace, { name, slug: name, enabled: true, ...settings })
      : await updateServer(change, workspace, name, settings);
  await setOwner(change, workspace, row, teamId);
  const before = (await toolsOf(change.tx, [row])).get(row.id)!.filter(({ set }) => set);
  const classes = [
    ...before.filter(({ tool }) => !Object.hasOwn(tools, tool)).map(({ tool }) => ({ tool, class: null })),
    ...Object.entries(tools).map(([tool, { access }]) => ({ tool, class: access })),
  ];
  for (let from = 0; from < classes.length; from += classesAtOnce) {
    await classifyTools(change, workspace, name, { classes: classes.slice(from, from + classesAtOnce) });
  }
  await requireForManifest(change, workspace, row, approvedTools(tools));
  return row.id;
}
