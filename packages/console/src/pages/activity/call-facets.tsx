import type { CallFacet } from '@mcpnest/contract/schemas/call-answers';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { ProblemNotice } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { formatNumber, formatTime } from '../../strings/catalogue.ts';
import { cx } from '../../ui/cx.ts';
import { Skeleton } from '../../ui/states.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { facetFilters } from './call-filters.ts';
import type { CallFilterKey, CallFilters, CallQuery, ShownFacet } from './call-filters.ts';

const titles: Readonly<Record<ShownFacet, string>> = {
  outcome: t('facetOutcome'),
  server: t('facetServer'),
  tool: t('facetTool'),
  member: t('facetMember'),
  client: t('facetClient'),
  errorCode: t('facetErrorCode'),
};
const shown = Object.keys(titles) as readonly ShownFacet[];
/** Values of one facet in sight. */
const mostValues = 6;

export interface CallFacetsProps {
  readonly query: CallQuery & { readonly from: string | undefined; readonly to: string | undefined };
  readonly filters: CallFilters;
  readonly onChange: (change: Readonly<Partial<Record<CallFilterKey, string | undefined>>>) => void;
}

/** How many calls a search finds, by what; each value is a filter. */
export function CallFacets({ query, filters, onChange }: CallFacetsProps) {
  const workspace = useWorkspace();
  const facets = useQuery({
    ...apiQuery('calls', 'facets', { params: { workspace }, query: { ...query, by: shown.join(',') } }),
    staleTime: 30_000,
  });
  if (facets.error !== null) return <ProblemNotice error={facets.error} onRetry={facets.refetch} />;
  if (facets.data === undefined) return <Skeleton rows={8} />;
  return (
    <section aria-label={t('facets')} className="flex flex-col gap-4">
      {facets.data.items.map((facet) => {
        const name = shown.find((each) => each === facet.by);
        return name === undefined || facet.items.length === 0 ? null : (
          <Facet
            key={name}
            title={titles[name]}
            facet={facet}
            value={filters[facetFilters[name]]}
            onChoose={(value) => onChange({ [facetFilters[name]]: value })}
          />
        );
      })}
    </section>
  );
}

interface FacetProps {
  readonly title: string;
  readonly facet: CallFacet;
  readonly value: string | undefined;
  readonly onChoose: (value: string | undefined) => void;
}

function Facet({ title, facet, value, onChoose }: FacetProps) {
  const rest = facet.items.slice(mostValues).reduce((sum, { calls }) => sum + calls, facet.others);
  return (
    <div role="group" aria-label={title}>
      <h2 className="pb-1 text-sm font-medium text-quiet">{title}</h2>
      <ul>
        {facet.items.slice(0, mostValues).map((item) => (
          <li key={item.value}>
            <button
              type="button"
              disabled={item.value === null}
              aria-pressed={item.value !== null && item.value === value}
              onClick={() => onChoose(item.value === value ? undefined : (item.value ?? undefined))}
              className={cx(
                '-mx-2 flex w-[calc(100%+1rem)] items-baseline justify-between gap-2 rounded px-2 py-0.5 text-left text-sm',
                item.value !== null && item.value === value ? 'bg-accent-soft font-medium' : 'hover:bg-sunken',
              )}
            >
              <span className="min-w-0 truncate">
                <UntrustedText text={item.name ?? item.value ?? t('facetNone')} limit={28} />
              </span>
              <span className="text-quiet">{formatNumber(item.calls)}</span>
            </button>
          </li>
        ))}
      </ul>
      {rest > 0 && <p className="text-sm text-quiet">{t('facetOthers', { count: rest })}</p>}
      {!facet.complete && facet.countedFrom !== null && (
        <p className="text-sm text-quiet">{t('facetPartly', { since: formatTime(facet.countedFrom) })}</p>
      )}
    </div>
  );
}
