import type { ManifestDocument } from '@mcpnest/contract/schemas/manifests';
import type { ToolClass } from '@mcpnest/contract/rule-form';
import type { Kysely } from 'kysely';
import type { InputIssue } from '../../domain/errors.ts';
import { loosenings, type ClassRestrictions } from '../../domain/manifest-loosening.ts';
import { parseRuleObject } from '../../domain/policy/rule-object.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { classesApprovedFor } from '../approvals/approvals.ts';
import type { WorkspaceRef } from '../operation.ts';
import type { ServerRow } from '../servers/servers.ts';
import { readSnapshot } from '../snapshot/publish.ts';
import type { Directory } from '../subjects.ts';
import { presentFacts } from './effect.ts';
import { activeDocument } from './queries.ts';

/**
 * What a manifest would take away of what holds for a server: a team does not do that by itself.
 * @param row the server as it is
 */
export async function whatItLoosens(
  db: Kysely<Schema>,
  workspace: WorkspaceRef,
  directory: Directory,
  row: ServerRow,
  wanted: ManifestDocument,
): Promise<InputIssue[]> {
  const active = await activeDocument(db, workspace.id, wanted.name);
  const present = await presentFacts(db, workspace, directory, row, wanted);
  // A setting of an administrator stays whatever the manifest says, so it takes nothing away.
  const asked = Object.fromEntries(
    Object.entries(present.tools).map(([tool, one]) => {
      const ofManifest = active !== undefined && Object.hasOwn(active.tools, tool) && active.tools[tool]!.approval;
      return [tool, { ...one, approval: ofManifest === 'required' ? one.approval : ('none' as const) }];
    }),
  );
  const rules = rulesOnClasses(await readSnapshot(db, workspace.id), ['*', row.slug]);
  const held = new Set([...rules.held, ...(await classesApprovedFor(db, row.id))]);
  // Who has gone since was neither shown it nor kept from it by anybody's choice.
  const there = (names: readonly string[]) =>
    names.filter((name) => name === 'workspace' || directory.find(name) !== undefined);
  const said = active === undefined ? undefined : { ...active, visibility: there(active.visibility) };
  const now = { ...present, visibility: there(present.visibility), tools: asked };
  return loosenings(now, wanted, said, { ...rules, held });
}

/** Whether rules that name a server say anything of classes of its tools; what has ended counts, too. */
export async function isRuledByClass(db: Kysely<Schema>, workspace: WorkspaceRef, slug: string): Promise<boolean> {
  const { held, granted } = rulesOnClasses(await readSnapshot(db, workspace.id), [slug]);
  return held.size + granted.size > 0;
}

/** What rules say of classes of one server's tools; what has ended counts, too. */
function rulesOnClasses({ rules = [] }: Snapshot, servers: readonly string[]): ClassRestrictions {
  const held = new Set<ToolClass>();
  const granted = new Set<ToolClass>();
  for (const { effect, object } of rules) {
    const read = parseRuleObject(object);
    if (read === undefined || read.target.kind !== 'class' || !servers.includes(read.server)) continue;
    (effect === 'deny' ? held : granted).add(read.target.toolClass);
  }
  return { held, granted };
}
