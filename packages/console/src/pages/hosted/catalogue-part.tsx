import type { CatalogueEntryView } from '@mcpnest/contract/schemas/hosted';
import { FilterBar } from '../../components/filter-bar.tsx';
import { useFilters } from '../../components/navigate.ts';
import { t } from '../../strings/hosted.ts';
import { Button } from '../../ui/button.tsx';
import { ChoiceFilter } from '../../ui/choice-filter.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { EntryCard } from './entry-card.tsx';

const states = ['maintained', 'community', 'archived'] as const;
const keys = ['text', 'source', 'can'] as const;

export interface CataloguePartProps {
  readonly entries: readonly CatalogueEntryView[];
  readonly onDeploy: (entry: CatalogueEntryView) => void;
  /** Slug of the entry that is being deployed. */
  readonly busy: string | undefined;
}

/** What can be hosted. Archived entries come last. */
export function CataloguePart({ entries, onDeploy, busy }: CataloguePartProps) {
  const [filters, setFilters] = useFilters(keys);
  const wanted = filters.text?.toLowerCase() ?? '';
  const found = entries
    .filter(
      ({ name, slug, description, state, deployable }) =>
        `${name} ${slug} ${description}`.toLowerCase().includes(wanted) &&
        (filters.source === undefined || state === filters.source) &&
        (filters.can === undefined || deployable),
    )
    .toSorted(
      (a, b) => Number(a.state === 'archived') - Number(b.state === 'archived') || a.name.localeCompare(b.name),
    );
  const clear = (): void => setFilters({ text: undefined, source: undefined, can: undefined });
  const bySlug = new Map(entries.map((entry) => [entry.slug, entry]));
  return (
    <section aria-labelledby="catalogue" className="flex flex-col gap-3">
      <div>
        <h2 id="catalogue" className="text-lg font-semibold">
          {t('catalogue')}
        </h2>
        <p className="text-quiet">{t('catalogueAbout')}</p>
      </div>
      <FilterBar
        label={t('search')}
        text={filters.text}
        onText={(text) => setFilters({ text })}
        onClear={keys.some((key) => filters[key] !== undefined) ? clear : undefined}
      >
        <ChoiceFilter
          label={t('filterState')}
          value={states.find((state) => state === filters.source)}
          choices={states.map((value) => ({ value, label: t(value) }))}
          onChange={(source) => setFilters({ source })}
        />
        <ChoiceFilter
          label={t('filterReady')}
          value={filters.can === undefined ? undefined : 'now'}
          choices={[{ value: 'now', label: t('ready') }]}
          onChange={(can) => setFilters({ can })}
        />
      </FilterBar>
      {found.length === 0 ? (
        <EmptyState title={t('noneFits')} action={<Button onClick={clear}>{t('clear')}</Button>}>
          {t('noneFitsAbout')}
        </EmptyState>
      ) : (
        <ul className="grid gap-3 md:grid-cols-2 xl:grid-cols-3">
          {found.map((entry) => (
            <EntryCard
              key={entry.slug}
              entry={entry}
              instead={entry.replaced_by.flatMap((slug) => bySlug.get(slug) ?? [])}
              onDeploy={() => onDeploy(entry)}
              onFind={(text) => setFilters({ text, source: undefined })}
              busy={busy === entry.slug}
            />
          ))}
        </ul>
      )}
    </section>
  );
}
