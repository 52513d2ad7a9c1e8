import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { Link, LinkButton } from '../../components/link.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/home.ts';
import { Card } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';

/** Calls that wait for somebody, newest first. */
export function ApprovalsCard({ workspace }: { readonly workspace: string }) {
  const query = useQuery({
    ...apiQuery('approvals', 'list', { params: { workspace }, query: { show: 'pending', limit: 5 } }),
    refetchInterval: 15_000,
  });
  return (
    <Card
      title={t('approvals')}
      actions={
        <LinkButton small to={paths.approvals(workspace)}>
          {t('allApprovals')}
        </LinkButton>
      }
    >
      <Asked query={query} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-quiet">{t('noApprovals')}</p>
          ) : (
            <ul className="divide-y divide-line">
              {items.map(({ id, requester, server, tool, createdAt }) => (
                <li key={id} className="flex items-center justify-between gap-3 py-2">
                  <Link to={paths.approval(workspace, id)} className="min-w-0 rounded hover:underline">
                    <UntrustedText text={t('asks', { who: requester, what: `${server}.${tool}` })} limit={160} />
                  </Link>
                  <span className="text-sm whitespace-nowrap text-quiet">
                    <RelativeTime at={createdAt} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
    </Card>
  );
}
