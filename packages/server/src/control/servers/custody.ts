import type { Custody } from '@mcpnest/contract/schemas/custody';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { readLabels } from '../stored.ts';
import type { ServerRow } from './queries.ts';

/** Who looks after a server, and what it touches. */
export const custodyOf = (row: ServerRow): Custody => ({
  maintainer: row.maintainer,
  sensitivity: row.sensitivity,
  labels: readLabels(row.labels),
});

/** The columns for what was said of it; what was not said stays. */
export function custodyColumns(
  before: Custody,
  said: SaidOfCustody,
): Pick<ServerRow, 'maintainer' | 'sensitivity' | 'labels'> {
  return {
    maintainer: said.maintainer === undefined ? before.maintainer : said.maintainer,
    sensitivity: said.sensitivity ?? before.sensitivity,
    labels: JSON.stringify(said.labels ?? before.labels),
  };
}

/** What was said of it, where anything was. */
type SaidOfCustody = { readonly [Key in keyof Custody]?: Custody[Key] | undefined };

export const noCustody: Custody = { maintainer: null, sensitivity: 'none', labels: [] };

/** Say who looks after a server and what it touches. How it is reached and by whom stays as it is. */
export async function setCustody(
  change: Change,
  workspace: WorkspaceRef,
  row: ServerRow,
  said: SaidOfCustody,
): Promise<ServerRow> {
  const before = custodyOf(row);
  const next = { ...row, ...custodyColumns(before, said) };
  const after = custodyOf(next);
  if (JSON.stringify(before) === JSON.stringify(after)) return row;
  const columns = { ...custodyColumns(before, said), updated_at: change.at };
  await change.tx.updateTable('gateway_workspace_servers').set(columns).where('id', '=', row.id).execute();
  await change.record({
    workspaceId: workspace.id,
    target: `server:${row.slug}`,
    detail: { before, after },
    publish: 'nothing',
  });
  return { ...row, ...columns };
}
