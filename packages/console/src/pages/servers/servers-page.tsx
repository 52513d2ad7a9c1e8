import { Plus } from 'lucide-react';
import { useMemo } from 'react';
import { Asked } from '../../components/asked.tsx';
import { FilterBar } from '../../components/filter-bar.tsx';
import { useFilters, useGo } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { serverTabs } from '../../components/server-tabs.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { usePaletteActions } from '../../shell/actions.ts';
import { t } from '../../strings/servers.ts';
import { Button } from '../../ui/button.tsx';
import { ChoiceFilter } from '../../ui/choice-filter.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { AddServer } from './add/add-server.tsx';
import { ImportServers } from './add/import-servers.tsx';
import { filterServers, serverFilterKeys, sensitivities, stateChoices } from './filter-servers.ts';
import { serverColumns } from './server-columns.tsx';
import { useServerRows } from './use-server-rows.ts';
import type { ServerRow } from './use-server-rows.ts';

/** The servers of a workspace. */
export function ServersPage() {
  const workspace = useWorkspace();
  const [{ open }, setOpen] = useFilters(['open']);
  const mayAdd = useMay('servers.create');
  const query = useServerRows();
  const add = (): void => setOpen({ open: 'add' });
  const close = (): void => setOpen({ open: undefined });
  const go = useGo();
  usePaletteActions(
    useMemo(
      () => (mayAdd ? [{ id: 'servers.add', label: t('add'), run: () => go(paths.addServer(workspace)) }] : []),
      [mayAdd, go, workspace],
    ),
  );
  return (
    <Page
      title={t('title')}
      about={t('about')}
      tabs={serverTabs(workspace)}
      actions={
        mayAdd && (
          <>
            <Button onClick={() => setOpen({ open: 'import' })}>{t('import')}</Button>
            <Button look="primary" onClick={add}>
              <Plus size={15} aria-hidden />
              {t('add')}
            </Button>
          </>
        )
      }
      cli={{
        command: `mcpnest server list --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/servers`,
      }}
    >
      <Asked query={query}>
        {(rows) =>
          rows.length === 0 ? (
            <EmptyState
              title={t('emptyTitle')}
              action={
                mayAdd && (
                  <Button look="primary" onClick={add}>
                    {t('add')}
                  </Button>
                )
              }
              example={
                <CodeBlock
                  label="command"
                  code={`mcpnest server add Context7 --url https://mcp.context7.com/mcp --prefix docs --workspace ${workspace}`}
                />
              }
            >
              {t('empty')}
            </EmptyState>
          ) : (
            <ServerTable rows={rows} detailed={query.detailed} />
          )
        }
      </Asked>
      {mayAdd && <AddServer open={open === 'add'} onClose={close} />}
      {mayAdd && <ImportServers open={open === 'import'} onClose={close} />}
    </Page>
  );
}

function ServerTable({ rows, detailed }: { readonly rows: readonly ServerRow[]; readonly detailed: boolean }) {
  const workspace = useWorkspace();
  const go = useGo();
  const [filters, setFilters] = useFilters(serverFilterKeys);
  const found = filterServers(rows, filters);
  const view = filters.view === 'inventory' ? 'inventory' : 'operation';
  const narrowed = serverFilterKeys.some((key) => key !== 'view' && filters[key] !== undefined);
  const clear = (): void => setFilters(Object.fromEntries(serverFilterKeys.slice(1).map((key) => [key, undefined])));
  const words = (values: readonly string[]) =>
    [...new Set(values)].toSorted().map((value) => ({ value, label: value }));
  return (
    <div className="flex flex-col gap-3">
      <FilterBar
        label={t('search')}
        text={filters.text}
        onText={(text) => setFilters({ text })}
        onClear={narrowed ? clear : undefined}
      >
        <ChoiceFilter
          label={t('state')}
          value={filters.state}
          choices={stateChoices}
          onChange={(state) => setFilters({ state })}
        />
        <ChoiceFilter
          label={t('sensitivity')}
          value={filters.sensitivity}
          choices={sensitivities}
          onChange={(sensitivity) => setFilters({ sensitivity })}
        />
        {rows.some(({ owner }) => owner !== null) && (
          <ChoiceFilter
            label={t('owner')}
            value={filters.owner}
            choices={words(rows.flatMap(({ owner }) => owner ?? []))}
            onChange={(owner) => setFilters({ owner })}
          />
        )}
        {rows.some(({ labels }) => labels.length > 0) && (
          <ChoiceFilter
            label={t('label')}
            value={filters.label}
            choices={words(rows.flatMap(({ labels }) => labels))}
            onChange={(label) => setFilters({ label })}
          />
        )}
        {detailed && (
          <ChoiceFilter
            label={t('columns')}
            value={view}
            choices={[{ value: 'inventory', label: t('inventory') }]}
            any={t('operation')}
            onChange={(next) => setFilters({ view: next })}
          />
        )}
      </FilterBar>
      {found.length === 0 ? (
        <EmptyState title={t('noneFits')} action={<Button onClick={clear}>{t('clearFilters')}</Button>}>
          {t('noneFitsAbout')}
        </EmptyState>
      ) : (
        <VirtualTable
          label={t('title')}
          rows={found}
          columns={serverColumns(workspace, view, detailed, rows.length)}
          rowKey={({ id }) => id}
          onOpen={({ slug }) => go(paths.server(workspace, slug))}
        />
      )}
    </div>
  );
}
