import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { LinkButton } from '../../components/link.tsx';
import { Page } from '../../components/page.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/first-run.ts';
import { Card } from '../../ui/card.tsx';
import { StatusWord } from '../../ui/status.tsx';

/** What is left to do until the first call goes through. */
export function FirstRunPage() {
  const workspace = useWorkspace();
  const servers = useQuery(apiQuery('servers', 'list', { params: { workspace } }));
  const tokens = useQuery(apiQuery('tokens', 'list', { params: { workspace } }));
  const steps = [
    [t('server'), (servers.data?.items.length ?? 0) > 0],
    [t('token'), (tokens.data?.items.length ?? 0) > 0],
  ] as const;
  return (
    <Page
      title={t('title')}
      about={t('about')}
      actions={<LinkButton to={paths.home(workspace)}>{t('later')}</LinkButton>}
    >
      <Asked query={servers}>
        {() => (
          <Card>
            <ol className="flex flex-col gap-3">
              {steps.map(([label, done]) => (
                <li key={label} className="flex justify-between">
                  {label}
                  <StatusWord tone={done ? 'ok' : 'off'}>{done ? t('done') : t('open')}</StatusWord>
                </li>
              ))}
            </ol>
          </Card>
        )}
      </Asked>
    </Page>
  );
}
