import { LinkButton } from '../../components/link.tsx';
import { Page } from '../../components/page.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/hosted.ts';
import { EmptyState } from '../../ui/states.tsx';

/** Servers that MCPNest itself runs. */
export function HostedPage() {
  const workspace = useWorkspace();
  return (
    <Page title={t('title')} about={t('about')} trail={[{ label: t('servers'), to: paths.servers(workspace) }]}>
      <EmptyState
        title={t('emptyTitle')}
        action={<LinkButton to={paths.servers(workspace)}>{t('connected')}</LinkButton>}
      >
        {t('empty')}
      </EmptyState>
    </Page>
  );
}
