import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import type { AnswerOf } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useFilters, useGo } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { serverTabs } from '../../components/server-tabs.ts';
import { useAction } from '../../components/use-action.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { usePaletteActions } from '../../shell/actions.ts';
import { t } from '../../strings/hosted.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Notice } from '../../ui/notice.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { CataloguePart } from './catalogue-part.tsx';
import { DeployConsole } from './deploy-console.tsx';
import { DeployForm } from './deploy-form.tsx';
import { HostingDialog } from './hosting-dialog.tsx';
import { InstancesTable } from './instances-table.tsx';

type Catalogue = AnswerOf<'hostedCatalogue', 'list'>;
type Entry = Catalogue['items'][number];

const refreshMs = 5_000;

/** Servers that MCPNest itself runs, and the catalogue they come from. */
export function HostedPage() {
  const workspace = useWorkspace();
  const [{ open }, setOpen] = useFilters(['open']);
  const maySwitch = useMay('workspaces.update');
  const query = useQuery(apiQuery('hostedCatalogue', 'list', { params: { workspace } }));
  const go = useGo();
  usePaletteActions(
    useMemo(
      () =>
        maySwitch
          ? [{ id: 'hosted.settings', label: t('hosting'), run: () => go(paths.hostedSettings(workspace)) }]
          : [],
      [maySwitch, go, workspace],
    ),
  );
  return (
    <Page
      title={t('servers')}
      about={t('about')}
      tabs={serverTabs(workspace)}
      actions={maySwitch && <Button onClick={() => setOpen({ open: 'hosting' })}>{t('hosting')}</Button>}
      cli={{
        command: `mcpnest hosted list --workspace ${workspace}`,
        request: `GET /api/hosted?workspace=${workspace}`,
      }}
    >
      <Asked query={query}>{(catalogue) => <Hosting catalogue={catalogue} />}</Asked>
      {maySwitch && <HostingDialog open={open === 'hosting'} onClose={() => setOpen({ open: undefined })} />}
    </Page>
  );
}

function Hosting({ catalogue }: { readonly catalogue: Catalogue }) {
  const workspace = useWorkspace();
  const [{ deploy, watch }, setOpen] = useFilters(['deploy', 'watch']);
  const [chosen, setChosen] = useState<string>();
  const { run, busy } = useAction('hosted', 'deploy', { also: ['hostedCatalogue', 'servers'] });
  const asked = catalogue.items.find(({ slug, deployable }) => slug === deploy && deployable);
  const watched = (instance: string): void => setOpen({ deploy: undefined, watch: instance });
  const begin = ({ slug, required_env_vars }: Entry): void => {
    if (required_env_vars.length > 0) return setOpen({ deploy: slug });
    setChosen(slug);
    run({ body: { workspace, slug, env: {} } }, null, ({ instance_id }) => watched(instance_id));
  };
  return (
    <>
      <InWay catalogue={catalogue} />
      <Instances catalogue={catalogue} />
      <CataloguePart entries={catalogue.items} onDeploy={begin} busy={busy ? chosen : undefined} />
      <DeployForm entry={asked} onClose={() => setOpen({ deploy: undefined })} onDeployed={watched} />
      <DeployConsole
        instance={watch}
        onClose={() => setOpen({ watch: undefined })}
        onAgain={(slug) => setOpen({ watch: undefined, deploy: slug })}
      />
    </>
  );
}

/** What is in the way of every entry, said once. */
function InWay({ catalogue: { items, enabled } }: { readonly catalogue: Catalogue }) {
  const params = { workspace: useWorkspace() };
  const maySwitch = useMay('workspaces.update');
  const { run, busy } = useAction('workspaces', 'update', { also: ['hosted', 'hostedCatalogue'] });
  if (items.some(({ obstacle }) => obstacle === 'no_runtime'))
    return (
      <Notice tone="info" title={t('noRuntime')}>
        {t('noRuntimeAbout')}
      </Notice>
    );
  if (enabled) return null;
  const body = { settings: { hosting: { orchestratorEnabled: true } } };
  return (
    <Notice
      tone="info"
      title={t('off')}
      action={
        maySwitch && (
          <Button busy={busy} onClick={() => run({ params, body }, { title: t('switchedOn') })}>
            {t('switchOn')}
          </Button>
        )
      }
    >
      {t('offAbout')} {!maySwitch && t('offWho')}
    </Notice>
  );
}

function Instances({ catalogue: { plan, items } }: { readonly catalogue: Catalogue }) {
  const workspace = useWorkspace();
  const query = useQuery({
    ...apiQuery('hosted', 'list', { query: { workspace } }),
    refetchInterval: refreshMs,
  });
  const example = items.find(({ state, required_env_vars }) => state !== 'archived' && required_env_vars.length === 0);
  return (
    <section aria-labelledby="instances" className="flex flex-col gap-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <h2 id="instances" className="text-lg font-semibold">
          {t('instances')}
        </h2>
        <p className={plan.running >= plan.limit ? 'text-warn' : 'text-quiet'}>
          {t('plan', { running: plan.running, limit: plan.limit, plan: plan.name })}
          {plan.running >= plan.limit && `. ${t('planFull')}`}
        </p>
      </div>
      <Asked query={query} rows={3}>
        {(list) =>
          list.items.length > 0 ? (
            <InstancesTable instances={list.items} />
          ) : (
            <EmptyState
              title={t('emptyTitle')}
              example={
                <CodeBlock
                  label="command"
                  code={`mcpnest hosted deploy ${example?.slug ?? 'memory'} --workspace ${workspace}`}
                />
              }
            >
              {t('empty')}
            </EmptyState>
          )
        }
      </Asked>
    </section>
  );
}
