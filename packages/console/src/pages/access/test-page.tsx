import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-decisions.ts';
import { Card } from '../../ui/card.tsx';
import { Combobox } from '../../ui/combobox.tsx';
import { AccessFrame } from './access-frame.tsx';
import { useSubjects } from './pickers.tsx';
import { VerdictTable } from './verdict-table.tsx';

const most = 500;

/** Ask what would become of a call, without making it. */
export function TestPage() {
  const workspace = useWorkspace();
  const [{ who, server, tool }, setFilters] = useFilters(['who', 'server', 'tool']);
  const mayOthers = useMay('members.list');
  const subjects = useSubjects(mayOthers ? ['member', 'machine'] : []);
  const params = { workspace };
  const servers = useQuery(apiQuery('servers', 'list', { params }));
  const tools = useQuery({
    ...apiQuery('tools', 'list', { params, query: { ...(server === undefined ? {} : { server }), limit: most } }),
    enabled: server !== undefined,
  });
  return (
    <AccessFrame
      about={t('testAbout')}
      same={['access explain --server github --tool list_issues', 'GET /access?server=github&tool=list_issues']}
    >
      <Card>
        <div className="grid gap-4 sm:grid-cols-3">
          <Combobox
            label={t('whoField')}
            value={who ?? 'me'}
            choices={[{ value: 'me', label: t('myself') }, ...subjects]}
            onChange={(next) => setFilters({ who: next === 'me' ? undefined : (next ?? undefined) })}
          />
          <Combobox
            label={t('serverField')}
            value={server ?? null}
            choices={(servers.data?.items ?? []).map(({ slug, name }) => ({ value: slug, label: name }))}
            onChange={(next) => setFilters({ server: next ?? undefined, tool: undefined })}
          />
          <Combobox
            label={t('toolField')}
            value={tool ?? ''}
            choices={[
              { value: '', label: t('anyTool') },
              ...(tools.data?.items ?? []).map((item) => ({ value: item.tool, label: item.tool })),
            ]}
            onChange={(next) => setFilters({ tool: next ?? undefined })}
          />
        </div>
      </Card>
      {server === undefined ? (
        <p className="text-quiet">{t('chooseServer')}</p>
      ) : (
        <Answer {...(who === undefined ? {} : { who })} server={server} {...(tool === undefined ? {} : { tool })} />
      )}
    </AccessFrame>
  );
}

interface AnswerProps {
  /** `member:<email>` or `machine:<name>`; the person themself when left out. */
  readonly who?: string;
  readonly server: string;
  readonly tool?: string;
}

function Answer({ who, server, tool }: AnswerProps) {
  const workspace = useWorkspace();
  const [kind, name] = who?.split(/:(.*)/s) ?? [];
  const subject = kind === 'member' ? { member: name } : kind === 'machine' ? { machine: name } : {};
  const query = useQuery(
    apiQuery('access', 'explain', {
      params: { workspace },
      query: { ...subject, server, ...(tool === undefined ? {} : { tool }) },
    }),
  );
  return (
    <div aria-live="polite">
      <Asked query={query}>
        {(report) => (
          <Card title={report.subject}>
            <VerdictTable report={report} />
          </Card>
        )}
      </Asked>
    </div>
  );
}
