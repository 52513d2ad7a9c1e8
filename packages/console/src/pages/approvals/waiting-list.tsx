import type { Approval } from '@mcpnest/contract/schemas/approvals';
import { Link } from '../../components/link.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/approvals.ts';
import { Countdown } from '../../ui/countdown.tsx';
import { cx } from '../../ui/cx.ts';
import { LoadMore } from '../../ui/load-more.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';

export interface WaitingListProps {
  readonly rows: readonly Approval[];
  readonly chosen: string | undefined;
  readonly query: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
}

/** What waits: first what the person may decide, then what others will. */
export function WaitingList({ rows, chosen, query }: WaitingListProps) {
  const parts = [
    { label: t('forYou'), items: rows.filter(({ mayDecide }) => mayDecide) },
    { label: t('forOthers'), items: rows.filter(({ mayDecide }) => !mayDecide) },
  ].filter(({ items }) => items.length > 0);
  return (
    <div className="flex flex-col gap-4">
      {parts.map(({ label, items }) => (
        <nav key={label} aria-label={label} className="overflow-hidden rounded-xl border border-line bg-panel">
          <h2 className="flex justify-between border-b border-line bg-sunken px-4 py-2 text-sm font-medium text-quiet">
            {label}
            <span aria-hidden>{items.length}</span>
          </h2>
          <ol className="max-h-[32rem] divide-y divide-line overflow-y-auto">
            {items.map((item) => (
              <li key={item.id}>
                <Waiting item={item} current={item.id === chosen} />
              </li>
            ))}
          </ol>
        </nav>
      ))}
      {query.hasNextPage && (
        <LoadMore shown={rows.length} more busy={query.isFetchingNextPage} onMore={() => void query.fetchNextPage()} />
      )}
      {parts.length === 0 ? (
        <p className="text-quiet">{t('emptyTitle')}</p>
      ) : (
        <p className="text-sm text-quiet max-md:hidden">{t('keys')}</p>
      )}
    </div>
  );
}

function Waiting({ item, current }: { readonly item: Approval; readonly current: boolean }) {
  const workspace = useWorkspace();
  return (
    <Link
      to={paths.approval(workspace, item.id)}
      aria-current={current || undefined}
      className={cx(
        'flex flex-col gap-0.5 px-4 py-2.5 focus-visible:-outline-offset-2',
        current ? 'bg-accent-soft' : 'hover:bg-sunken',
      )}
    >
      <span className="flex items-baseline justify-between gap-3">
        <span className="min-w-0 font-medium">
          <UntrustedText mono text={item.tool} limit={60} />
        </span>
        <span className="text-sm text-quiet">
          <Countdown until={item.expiresAt} over={t('over')} />
        </span>
      </span>
      <span className="text-sm text-quiet">
        <UntrustedText text={`${item.server} · ${item.requester}`} limit={60} />
      </span>
    </Link>
  );
}
