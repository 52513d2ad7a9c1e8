import type { ReviewItem } from '@mcpnest/contract/schemas/pins';
import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { problemOf } from '../../../api/problem.ts';
import { apiQuery, useChange } from '../../../api/queries.ts';
import { Asked } from '../../../components/asked.tsx';
import { faultOf } from '../../../components/fault-of.ts';
import { useFilters } from '../../../components/navigate.ts';
import { useMay, useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/server-tools.ts';
import { Button } from '../../../ui/button.tsx';
import { Card } from '../../../ui/card.tsx';
import { Switch } from '../../../ui/choice-controls.tsx';
import { Notice } from '../../../ui/notice.tsx';
import { RelativeTime } from '../../../ui/relative-time.tsx';
import { EmptyState } from '../../../ui/states.tsx';
import { StatusWord } from '../../../ui/status.tsx';
import type { StatusTone } from '../../../ui/status.tsx';
import type { Column } from '../../../ui/table-model.ts';
import { toast } from '../../../ui/toast.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../../ui/virtual-table.tsx';
import { ServerFrame } from '../server-frame.tsx';
import { ReviewPanel } from './review-panel.tsx';

/** What a server's tools say now, against what was approved. */
export const ReviewPage = () => (
  <ServerFrame
    part="review"
    command={(server) => `mcpnest server review ${server}`}
    request={(server) => `GET /servers/${server}/review`}
  >
    {(server) => (
      <>
        <PinningCard server={server} />
        <Definitions server={server} />
      </>
    )}
  </ServerFrame>
);

const tones: Readonly<Record<ReviewItem['state'], StatusTone>> = {
  approved: 'ok',
  changed: 'warn',
  new: 'info',
  refused: 'bad',
  gone: 'off',
};
const order = ['changed', 'new', 'refused', 'approved', 'gone'];
const waits = ({ state }: ReviewItem): boolean => state === 'changed' || state === 'new';

const columns: readonly Column<ReviewItem>[] = [
  {
    id: 'tool',
    header: t('tool'),
    width: 'minmax(12rem, 2fr)',
    sortBy: ({ tool }) => tool,
    cell: ({ tool }) => <UntrustedText mono limit={80} text={tool} />,
  },
  {
    id: 'state',
    header: t('state'),
    width: '8rem',
    sortBy: ({ state }) => order.indexOf(state),
    cell: ({ state }) => <StatusWord tone={tones[state]}>{t(`state_${state}`)}</StatusWord>,
  },
  {
    id: 'changes',
    header: t('changes'),
    width: 'minmax(12rem, 3fr)',
    cell: ({ changes: [change] }) => (
      <span className="text-quiet">
        {change === undefined ? '–' : <UntrustedText limit={120} text={change.slice(0, 120)} />}
      </span>
    ),
  },
  {
    id: 'warnings',
    header: t('warnings'),
    width: '7rem',
    sortBy: ({ warnings }) => -warnings.length,
    cell: ({ warnings }) =>
      warnings.length === 0 ? '–' : <StatusWord tone="warn">{t('odd', { count: warnings.length })}</StatusWord>,
  },
  {
    id: 'decided',
    header: t('decidedAt'),
    width: '9rem',
    align: 'end',
    cell: ({ decidedAt }) => (decidedAt === null ? '–' : <RelativeTime at={decidedAt} />),
  },
];

function PinningCard({ server: { slug, name, pinning } }: { readonly server: Server }) {
  const workspace = useWorkspace();
  const update = useChange('servers', 'update', ['reviews', 'tools']);
  const put = (next: 'on' | 'off', then?: () => void): void =>
    update.mutate(
      { params: { workspace, server: slug }, body: { pinning: next } },
      {
        ...(then === undefined ? {} : { onSuccess: then }),
        onError: (error) => toast({ title: problemOf(error).title, detail: problemOf(error).detail, tone: 'bad' }),
      },
    );
  return (
    <Card>
      <Switch
        label={<span className="font-medium">{t('pinned')}</span>}
        help={pinning === 'on' ? t('pinnedHelp') : `${t('pinnedHelp')} ${t('notPinnedYet')}`}
        checked={pinning === 'on'}
        onChange={(checked) =>
          put(checked ? 'on' : 'off', () =>
            toast({
              title: checked ? t('pinnedOn', { name }) : t('pinnedOff', { name }),
              undo: () => put(checked ? 'off' : 'on'),
            }),
          )
        }
      />
    </Card>
  );
}

function Definitions({ server: { slug } }: { readonly server: Server }) {
  const workspace = useWorkspace();
  const params = { workspace, server: slug };
  const mayDecide = useMay('reviews.approve');
  const [{ tool }, setFilters] = useFilters(['tool']);
  const [selection, setSelection] = useState<ReadonlySet<string>>(new Set());
  const query = useQuery({ ...apiQuery('reviews', 'show', { params, query: {} }), refetchInterval: 5_000 });
  const approve = useChange('reviews', 'approve', ['servers', 'tools']);
  const chosen = (query.data?.items ?? []).flatMap((item) =>
    selection.has(item.tool) && item.hash !== null && item.state !== 'approved'
      ? [{ tool: item.tool, hash: item.hash }]
      : [],
  );
  const problem = faultOf(approve.error);
  return (
    <Asked query={query}>
      {({ items, pending }) =>
        items.length === 0 ? (
          <EmptyState title={t('none')}>{t('noneAbout')}</EmptyState>
        ) : (
          <div className="flex flex-col gap-3">
            <div className="flex min-h-8.5 items-center justify-between gap-3">
              <p>{pending > 0 ? t('pending', { count: pending }) : t('pendingNone')}</p>
              {mayDecide && chosen.length > 0 && (
                <Button
                  look="primary"
                  busy={approve.isPending}
                  onClick={() =>
                    approve.mutate(
                      { params, body: { tools: chosen } },
                      {
                        onSuccess: () => {
                          setSelection(new Set());
                          toast({ title: t('approved', { count: chosen.length }) });
                        },
                      },
                    )
                  }
                >
                  {t('approveAll', { count: chosen.length })}
                </Button>
              )}
            </div>
            {problem !== undefined && (
              <Notice tone="bad" title={problem.title}>
                {problem.detail}
              </Notice>
            )}
            <VirtualTable
              label={t('review')}
              rows={items.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))}
              columns={columns}
              rowKey={(item) => item.tool}
              onOpen={(item) => setFilters({ tool: item.tool })}
              selection={selection}
              onSelect={setSelection}
            />
            <ReviewPanel
              server={slug}
              item={items.find((item) => item.tool === tool)}
              next={items.find((item) => item.tool !== tool && waits(item))?.tool}
              onTool={(next) => setFilters({ tool: next })}
            />
          </div>
        )
      }
    </Asked>
  );
}
