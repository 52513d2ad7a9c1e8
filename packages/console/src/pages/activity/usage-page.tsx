import type { Usage, UsageItem } from '@mcpnest/contract/schemas/statistics';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { ChoiceRow } from '../../components/choice-row.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { formatNumber } from '../../strings/catalogue.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Bars } from '../../ui/charts/small-charts.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { EmptyState } from '../../ui/states.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { ActivityFrame } from './activity-frame.tsx';
import { formatBytes } from './bytes.ts';
import { csvOf } from '../../csv.ts';
import { RangeChoice } from './range-choice.tsx';
import { saveFile } from '../../save-file.ts';
import { useTimeRange } from './time-range.ts';

const kinds = [
  { value: 'member', label: t('byMember') },
  { value: 'team', label: t('byTeam') },
  { value: 'machine', label: t('byMachine') },
  { value: 'token', label: t('byToken') },
  { value: 'server', label: t('byServer') },
] as const;
const periods = [
  { value: 'day', label: t('perDay') },
  { value: 'month', label: t('perMonth') },
  { value: 'all', label: t('perAll') },
] as const;

const count = (id: 'calls' | 'failed' | 'denied', header: string): Column<UsageItem> => ({
  ...{ id, header, width: '6rem', align: 'end' },
  sortBy: (item) => item[id],
  cell: (item) => formatNumber(item[id]),
});
const bytes = (id: 'bytesIn' | 'bytesOut', header: string): Column<UsageItem> => ({
  ...{ id, header, width: '6.5rem', align: 'end' },
  sortBy: (item) => item[id],
  cell: (item) => formatBytes(item[id]),
});

const columns: readonly Column<UsageItem>[] = [
  {
    id: 'period',
    header: t('usagePeriod'),
    width: '8rem',
    sortBy: ({ period }) => period,
    cell: ({ period }) => period,
  },
  {
    id: 'name',
    header: t('usageName'),
    width: 'minmax(12rem, 3fr)',
    sortBy: (item) => nameOf(item),
    cell: (item) => <UntrustedText text={nameOf(item)} limit={120} />,
  },
  count('calls', t('usageCalls')),
  count('failed', t('usageFailed')),
  count('denied', t('usageDenied')),
  bytes('bytesIn', t('usageIn')),
  bytes('bytesOut', t('usageOut')),
];

const nameOf = ({ id, name }: UsageItem): string => name ?? id ?? t('usageNobody');

/** How much was used, by whom or of what. */
export function UsagePage() {
  const workspace = useWorkspace();
  const ofAll = useMay('calls.list');
  const [filters, setFilters] = useFilters(['by', 'per']);
  const range = useTimeRange('30d');
  const by = kinds.find(({ value }) => value === filters.by)?.value ?? 'member';
  const per = periods.find(({ value }) => value === filters.per)?.value ?? 'all';
  const query = useQuery(
    apiQuery('statistics', 'usage', { params: { workspace }, query: { by, per, from: range.from, to: range.to } }),
  );
  return (
    <ActivityFrame
      operation="statistics.usage"
      about={t('usageAbout')}
      cli={{
        command: `mcpnest audit usage --by ${by} --per ${per} --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/usage?by=${by}&per=${per}`,
      }}
    >
      <div className="flex flex-col gap-4">
        <RangeChoice range={range} />
        <div className="flex flex-wrap items-center justify-between gap-3">
          <div className="flex flex-wrap gap-3">
            <ChoiceRow label={t('by')} value={by} choices={kinds} onChange={(next) => setFilters({ by: next })} />
            <ChoiceRow label={t('per')} value={per} choices={periods} onChange={(next) => setFilters({ per: next })} />
          </div>
          <Button
            disabled={query.data === undefined || query.data.items.length === 0}
            onClick={() => query.data !== undefined && save(workspace, query.data)}
          >
            {t('usageCsv')}
          </Button>
        </div>
        {!ofAll && <p className="text-quiet">{t('usageOwn')}</p>}
        <Asked query={query} rows={8}>
          {(usage) => <Used usage={usage} />}
        </Asked>
      </div>
    </ActivityFrame>
  );
}

/** Bars in sight. */
const mostBars = 8;

function Used({ usage }: { readonly usage: Usage }) {
  if (usage.items.length === 0)
    return (
      <EmptyState
        title={t('usageEmptyTitle')}
        example={<CodeBlock label="gateway URL" code={`${location.origin}/api/gw/acme`} />}
      >
        {t('usageEmpty')}
      </EmptyState>
    );
  return (
    <>
      <Card title={t('usageTop')}>
        <Bars label={t('usageTop')} bars={totals(usage.items).slice(0, mostBars)} />
      </Card>
      <VirtualTable
        label={t('tabUsage')}
        rows={usage.items}
        columns={columns}
        rowKey={({ period, id }) => `${period} ${id ?? ''}`}
      />
      {usage.others > 0 && <p className="text-quiet">{t('usageOthers', { count: usage.others })}</p>}
    </>
  );
}

/** Calls of everybody over all periods, most first. */
function totals(items: readonly UsageItem[]): { readonly label: string; readonly value: number }[] {
  const sums = new Map<string, number>();
  for (const item of items) sums.set(nameOf(item), (sums.get(nameOf(item)) ?? 0) + item.calls);
  return [...sums].map(([label, value]) => ({ label, value })).toSorted((a, b) => b.value - a.value);
}

function save(workspace: string, { items, from, to }: Usage): void {
  const head = ['period', 'id', 'name', 'calls', 'failed', 'denied', 'bytesIn', 'bytesOut'];
  const rows = items.map((item) => [
    ...[item.period, item.id ?? '', item.name ?? ''],
    ...[item.calls, item.failed, item.denied, item.bytesIn, item.bytesOut],
  ]);
  const name = `mcpnest-usage-${workspace}-${from.slice(0, 10)}-${to.slice(0, 10)}.csv`;
  saveFile(name, new Blob([csvOf([head, ...rows])], { type: 'text/csv' }));
}
