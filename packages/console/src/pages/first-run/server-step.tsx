import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { LinkButton } from '../../components/link.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useMay } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/first-run.ts';
import { Card } from '../../ui/card.tsx';
import { RadioCards } from '../../ui/choice-controls.tsx';
import { Notice } from '../../ui/notice.tsx';
import { AddByUrl } from './add-by-url.tsx';
import { ArrivingTools } from './arriving-tools.tsx';
import { DemoServer } from './demo-server.tsx';
import { ImportServers } from './import-servers.tsx';
import { PresetCard } from './preset-card.tsx';

const ways = ['demo', 'import', 'url'] as const;
type Way = (typeof ways)[number];

/** The first server, in one of three ways; its tools as they arrive; and who may call them to begin with. */
export function ServerStep({ workspace, done }: { readonly workspace: string; readonly done: boolean }) {
  const [filters, setFilters] = useFilters(['way', 'step']);
  const mayAdd = useMay('servers.create');
  const servers = useQuery(apiQuery('servers', 'list', { params: { workspace } }));
  const way: Way = ways.find((each) => each === filters.way) ?? 'demo';
  return (
    <>
      <Card title={t('serverTitle')} about={t('serverAbout')}>
        {mayAdd ? (
          <div className="flex flex-col gap-5">
            <RadioCards<Way>
              label={t('how')}
              value={way}
              columns={3}
              choices={[
                { value: 'demo', label: t('demo'), help: t('demoHelp') },
                { value: 'import', label: t('import'), help: t('importHelp') },
                { value: 'url', label: t('url'), help: t('urlHelp') },
              ]}
              onChange={(next) => setFilters({ way: next, step: 'server' })}
            />
            <Asked query={servers} rows={3}>
              {({ items }) => (
                <>
                  {way === 'demo' && <DemoServer workspace={workspace} servers={items} />}
                  {way === 'import' && <ImportServers workspace={workspace} />}
                  {way === 'url' && <AddByUrl workspace={workspace} />}
                </>
              )}
            </Asked>
          </div>
        ) : (
          <Notice tone="info" title={t('needAdmin')}>
            {t('needAdminAbout')}
          </Notice>
        )}
      </Card>
      {servers.data !== undefined && servers.data.items.length > 0 && (
        <ArrivingTools workspace={workspace} servers={servers.data.items} />
      )}
      <PresetCard workspace={workspace} />
      <div className="flex justify-end">
        <LinkButton look={done ? 'primary' : 'plain'} to={paths.firstRun(workspace, 'client')}>
          {done ? t('next') : t('skip')}
        </LinkButton>
      </div>
    </>
  );
}
