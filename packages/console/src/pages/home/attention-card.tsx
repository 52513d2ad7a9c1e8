import type { Overview } from '@mcpnest/contract/schemas/statistics';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { LinkButton } from '../../components/link.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/home.ts';
import { Card } from '../../ui/card.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';

type Item = Overview['attention'][number];

const looks: Readonly<Record<Item['kind'], readonly [StatusTone, string]>> = {
  down: ['bad', 'Down'],
  failing: ['bad', 'Failing'],
  drill: ['info', 'Drill'],
  approval: ['warn', 'Approval'],
  stop: ['bad', 'Stop'],
  token: ['warn', 'Token'],
  review: ['warn', 'Review'],
  orphaned: ['off', 'Orphaned'],
  unused: ['off', 'Unused'],
};

const shown = 8;

/** Where somebody can do something about it. */
function wayTo(workspace: string, { kind, server }: Item): string {
  if (server !== null) return paths.server(workspace, server);
  return kind === 'approval' ? paths.approvals(workspace) : paths.access(workspace);
}

/** What needs somebody, most urgent first. */
export function AttentionCard({ workspace }: { readonly workspace: string }) {
  const query = useQuery({
    ...apiQuery('statistics', 'overview', { params: { workspace }, query: { hours: 24 } }),
    refetchInterval: 30_000,
  });
  return (
    <Card title={t('attention')}>
      <Asked query={query}>
        {({ attention }) =>
          attention.length === 0 ? (
            <StatusWord tone="ok">{t('nothing')}</StatusWord>
          ) : (
            <ul className="divide-y divide-line">
              {attention.slice(0, shown).map((item) => {
                const [tone, word] = looks[item.kind];
                return (
                  <li key={`${item.kind} ${item.what}`} className="flex items-start justify-between gap-3 py-2.5">
                    <div className="min-w-0" title={item.next}>
                      <StatusWord tone={tone}>{word}</StatusWord>
                      <p>
                        <UntrustedText text={item.what} limit={160} />
                      </p>
                    </div>
                    <LinkButton small to={wayTo(workspace, item)} aria-label={`${t('look')}: ${item.what}`}>
                      {t('look')}
                    </LinkButton>
                  </li>
                );
              })}
            </ul>
          )
        }
      </Asked>
    </Card>
  );
}
