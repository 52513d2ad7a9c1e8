import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { Page } from '../../components/page.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/settings.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';

/** What holds for the whole workspace. */
export function SettingsPage() {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  return (
    <Page
      title={t('title')}
      about={t('about')}
      cli={{ command: `mcpnest workspace show ${workspace}`, request: `GET /api/v1/workspaces/${workspace}` }}
    >
      <Asked query={query}>
        {({ name, slug, settings }) => (
          <Card title={t('general')}>
            <KeyValueList
              items={{
                [t('name')]: name,
                [t('slug')]: slug,
                [t('preset')]: settings.access.preset,
                [t('auditMode')]: settings.auditMode,
                [t('retention')]: t('days', { count: settings.retentionDays }),
                [t('toolList')]: settings.toolList.mode,
              }}
            />
          </Card>
        )}
      </Asked>
    </Page>
  );
}
