import type { Hold } from '@mcpnest/contract/schemas/retention';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/settings-records.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { HoldNext } from './hold-next.tsx';
import { HoldRequest } from './hold-request.tsx';

const tones: Readonly<Record<Hold['state'], StatusTone>> = {
  requested: 'warn',
  'in force': 'ok',
  'release requested': 'warn',
  released: 'off',
  lapsed: 'off',
};

const columns: readonly Column<Hold>[] = [
  {
    id: 'name',
    header: t('name'),
    width: 'minmax(9rem, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ name, reason }) => (
      <span title={reason}>
        <UntrustedText text={name} limit={60} />
      </span>
    ),
  },
  {
    id: 'scope',
    header: t('scope'),
    width: 'minmax(9rem, 1fr)',
    cell: ({ scope }) => <UntrustedText mono text={scope} limit={60} />,
  },
  {
    id: 'state',
    header: t('state'),
    width: '11rem',
    sortBy: ({ state }) => state,
    cell: ({ state }) => <StatusWord tone={tones[state]}>{state}</StatusWord>,
  },
  {
    id: 'by',
    header: t('by'),
    width: 'minmax(9rem, 1fr)',
    cell: ({ requestedBy }) => <UntrustedText text={requestedBy} limit={60} />,
  },
  {
    id: 'asked',
    header: t('asked'),
    width: '8rem',
    align: 'end',
    sortBy: ({ requestedAt }) => requestedAt,
    cell: ({ requestedAt }) => <RelativeTime at={requestedAt} />,
  },
  { id: 'next', header: t('actions'), width: '10rem', align: 'end', cell: (hold) => <HoldNext hold={hold} /> },
];

/** Legal holds: what is kept, who asked, and what a second person has to do. */
export function HoldsCard() {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('holds', 'list', { params: { workspace } }));
  const [asking, setAsking] = useState(false);
  return (
    <Card
      title={t('holds')}
      about={t('holdsAbout')}
      actions={
        <Button small onClick={() => setAsking(true)}>
          {t('request')}
        </Button>
      }
    >
      <Asked query={query} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-quiet">{t('noHolds')}</p>
          ) : (
            <VirtualTable label={t('holds')} rows={items} columns={columns} rowKey={({ id }) => id} visibleRows={8} />
          )
        }
      </Asked>
      <HoldRequest open={asking} onClose={() => setAsking(false)} />
    </Card>
  );
}
