import type { SimulatedCalls, Simulation } from '@mcpnest/contract/schemas/access';
import { t } from '../../strings/access-rules.ts';
import { formatNumber } from '../../strings/catalogue.ts';
import { Notice } from '../../ui/notice.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';

const columns: readonly Column<SimulatedCalls>[] = [
  {
    id: 'who',
    header: t('who'),
    width: 'minmax(9rem, 2fr)',
    sortBy: ({ who }) => who,
    cell: ({ who }) => <UntrustedText text={who} />,
  },
  {
    id: 'tool',
    header: t('tool'),
    width: 'minmax(9rem, 2fr)',
    sortBy: ({ server, tool }) => `${server}:${tool}`,
    cell: ({ server, tool }) => <UntrustedText mono text={`${server}:${tool}`} />,
  },
  {
    id: 'calls',
    header: t('calls'),
    width: '5rem',
    align: 'end',
    sortBy: ({ calls }) => calls,
    cell: ({ calls }) => formatNumber(calls),
  },
  {
    id: 'before',
    header: t('before'),
    width: 'minmax(7rem, 1fr)',
    cell: ({ before }) => <UntrustedText mono text={before} />,
  },
  {
    id: 'after',
    header: t('after'),
    width: 'minmax(7rem, 1fr)',
    cell: ({ after }) => <UntrustedText mono text={after} />,
  },
  {
    id: 'last',
    header: t('last'),
    width: '8rem',
    align: 'end',
    sortBy: ({ lastAt }) => lastAt,
    cell: ({ lastAt }) => <RelativeTime at={lastAt} />,
  },
];

const sum = (rows: readonly SimulatedCalls[]): number => rows.reduce((total, { calls }) => total + calls, 0);
const keyOf = ({ who, server, method, tool, before, after }: SimulatedCalls): string =>
  [who, server, method, tool, before, after].join('\n');

/** What a simulation found: how many calls would be judged otherwise, and which. */
export function SimulationResult({ result }: { readonly result: Simulation }) {
  const { calls, skipped, complete, newlyDenied, newlyAllowed } = result;
  const denied = sum(newlyDenied);
  const allowed = sum(newlyAllowed);
  return (
    <section className="flex flex-col gap-4" aria-label={t('newlyDenied')}>
      <Notice tone={denied > 0 ? 'warn' : 'ok'} title={denied > 0 ? t('deniedOf', { denied, calls }) : t('noDenied')}>
        {allowed > 0 && <p>{t('allowedOf', { allowed, calls })}</p>}
        {denied + allowed === 0 && <p>{t('none', { calls })}</p>}
        {skipped > 0 && <p>{t('skipped', { count: skipped })}</p>}
        {!complete && <p>{t('incomplete')}</p>}
      </Notice>
      <Listing label={t('newlyDenied')} rows={newlyDenied} />
      <Listing label={t('newlyAllowed')} rows={newlyAllowed} />
    </section>
  );
}

function Listing({ label, rows }: { readonly label: string; readonly rows: readonly SimulatedCalls[] }) {
  if (rows.length === 0) return null;
  return (
    <div className="flex flex-col gap-2">
      <h2 className="font-semibold">{label}</h2>
      <VirtualTable label={label} rows={rows} columns={columns} rowKey={keyOf} />
    </div>
  );
}
