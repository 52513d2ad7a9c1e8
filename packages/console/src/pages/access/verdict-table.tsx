import type { AccessItem, AccessReport } from '@mcpnest/contract/schemas/access';
import { useState } from 'react';
import { t } from '../../strings/access-decisions.ts';
import { SidePanel } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Badge } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { Verdict, VerdictWord } from './verdict.tsx';

const nameOf = ({ server, tool }: AccessItem): string => (tool === null ? server : `${server}:${tool}`);

const columns: readonly Column<AccessItem>[] = [
  {
    id: 'tool',
    header: t('tool'),
    width: 'minmax(9rem, 2fr)',
    sortBy: nameOf,
    cell: (item) => <UntrustedText mono text={nameOf(item)} />,
  },
  {
    id: 'class',
    header: t('class'),
    width: '6rem',
    cell: (item) => item.class !== null && <Badge>{item.class}</Badge>,
  },
  {
    id: 'verdict',
    header: t('verdict'),
    width: 'minmax(7rem, 1fr)',
    sortBy: ({ verdict }) => verdict,
    cell: ({ verdict, approval }) => <VerdictWord verdict={verdict} approval={approval} />,
  },
  {
    id: 'reason',
    header: t('reason'),
    width: 'minmax(10rem, 3fr)',
    cell: ({ reason }) => <UntrustedText text={reason} />,
  },
];

/** What would become of calls, one row each; one alone is shown in full. */
export function VerdictTable({ report }: { readonly report: AccessReport }) {
  const { items, ask, complete } = report;
  const [opened, setOpened] = useState<string | null>(null);
  const [only] = items;
  if (only === undefined) return <p className="text-quiet">{t('nothingKnown')}</p>;
  if (items.length === 1) return <Verdict item={only} ask={ask} />;
  const item = items.find((each) => nameOf(each) === opened);
  return (
    <div className="flex flex-col gap-3">
      {!complete && <Notice tone="info" title={t('incomplete')} />}
      <VirtualTable
        label={t('verdict')}
        rows={items}
        columns={columns}
        rowKey={nameOf}
        onOpen={(each) => setOpened(nameOf(each))}
      />
      <SidePanel
        open={item !== undefined}
        onClose={() => setOpened(null)}
        title={item === undefined ? '' : nameOf(item)}
      >
        {item !== undefined && <Verdict item={item} ask={ask} />}
      </SidePanel>
    </div>
  );
}
