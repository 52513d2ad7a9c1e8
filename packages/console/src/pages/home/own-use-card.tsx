import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { formatNumber } from '../../strings/catalogue.ts';
import { t } from '../../strings/home.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';

/** What a member has called this month; nobody else's figures are theirs to see. */
export function OwnUseCard({ workspace }: { readonly workspace: string }) {
  const query = useQuery({
    ...apiQuery('statistics', 'usage', { params: { workspace }, query: { by: 'member', per: 'month' } }),
    // Each reading is on record.
    staleTime: 300_000,
  });
  return (
    <Card title={t('yourUse')} about={t('yourUseAbout')}>
      <Asked query={query} rows={3}>
        {({ items }) => {
          const sum = (key: 'calls' | 'failed' | 'denied'): string =>
            formatNumber(items.reduce((total, item) => total + item[key], 0));
          return (
            <KeyValueList
              items={{ [t('calls')]: sum('calls'), [t('failed')]: sum('failed'), [t('denied')]: sum('denied') }}
            />
          );
        }}
      </Asked>
    </Card>
  );
}
