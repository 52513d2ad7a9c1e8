import type { NetworkEntry } from '@mcpnest/contract/schemas/network';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { ActorText } from '../../components/actor-text.tsx';
import { Asked } from '../../components/asked.tsx';
import { useAction } from '../../components/use-action.ts';
import { useMay } from '../../components/workspace.tsx';
import { t } from '../../strings/instance.ts';
import { ConfirmButton } from '../../ui/confirm-dialog.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { AddressOpen } from './address-open.tsx';
import { InstanceFrame } from './instance-frame.tsx';

const columns: readonly Column<NetworkEntry>[] = [
  {
    id: 'target',
    header: t('target'),
    width: 'minmax(12rem, 2fr)',
    sortBy: ({ target }) => target,
    cell: ({ target }) => <span className="font-mono text-sm">{target}</span>,
  },
  {
    id: 'note',
    header: t('note'),
    width: 'minmax(10rem, 2fr)',
    cell: ({ note }) => <UntrustedText text={note} limit={80} />,
  },
  {
    id: 'by',
    header: t('by'),
    width: 'minmax(9rem, 1fr)',
    sortBy: ({ createdBy }) => createdBy,
    cell: ({ createdBy }) => <ActorText actor={createdBy} />,
  },
  {
    id: 'opened',
    header: t('opened'),
    width: '8rem',
    align: 'end',
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
  { id: 'close', header: t('actions'), width: '6rem', align: 'end', cell: (entry) => <Close entry={entry} /> },
];

/** Addresses that are open to upstreams. */
export function NetworkPage() {
  return (
    <InstanceFrame
      about={t('networkAbout')}
      needs="network.list"
      actions={useMay('network.allow') ? <AddressOpen /> : undefined}
      cli={{ command: 'mcpnest network list', request: 'GET /api/v1/network/allow' }}
    >
      <Addresses />
    </InstanceFrame>
  );
}

function Addresses() {
  const query = useQuery(apiQuery('network', 'list', {}));
  return (
    <Asked query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState
            title={t('noneOpen')}
            example={<CodeBlock label={t('command')} code="mcpnest network allow 127.0.0.1:9101" />}
          >
            {t('noneOpenAbout')}
          </EmptyState>
        ) : (
          <VirtualTable label={t('networkTitle')} rows={items} columns={columns} rowKey={({ id }) => id} />
        )
      }
    </Asked>
  );
}

function Close({ entry: { target, note } }: { readonly entry: NetworkEntry }) {
  const { busy, problem, run } = useAction('network', 'revoke', { inForm: true });
  const again = useAction('network', 'allow');
  return (
    <ConfirmButton
      title={t('closeTitle', { target })}
      consequences={[t('closeWhat')]}
      action={t('close')}
      busy={busy}
      problem={problem}
      onConfirm={() =>
        run(
          { params: { target } },
          { title: t('closed'), undo: () => again.run({ body: { target, note } }, { title: t('openedToast') }) },
        )
      }
    />
  );
}
