import { Radio, X } from 'lucide-react';
import { useMemo } from 'react';
import { FilterBar } from '../../components/filter-bar.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { Button } from '../../ui/button.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { ActivityFrame } from './activity-frame.tsx';
import { CallFacets } from './call-facets.tsx';
import { toQuery, useCallFilters } from './call-filters.ts';
import type { CallFilterKey } from './call-filters.ts';
import { CallsChart } from './calls-chart.tsx';
import { FoundCalls } from './found-calls.tsx';
import { LiveView } from './live-view.tsx';
import { RangeChoice } from './range-choice.tsx';
import { useTimeRange } from './time-range.ts';

/** The calls of the workspace: searched, counted, drawn, and as they come. */
export function CallsPage() {
  const workspace = useWorkspace();
  return (
    <ActivityFrame
      operation="calls.list"
      cli={{
        command: `mcpnest calls list --workspace ${workspace}\nmcpnest calls tail --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/calls\nGET /api/v1/workspaces/${workspace}/calls/tail`,
      }}
    >
      <Search />
    </ActivityFrame>
  );
}

function Search() {
  const range = useTimeRange('7d');
  const [filters, setFilters] = useCallFilters();
  const [{ live }, setLive] = useFilters(['live']);
  const named = JSON.stringify(filters);
  const query = useMemo(
    () => ({ ...toQuery(JSON.parse(named) as typeof filters), from: range.from, to: range.to }),
    [named, range.from, range.to],
  );
  const { callId, traceId, approvalId } = filters;
  const mayFollow = range.to === undefined && callId === undefined && traceId === undefined && approvalId === undefined;
  const following = live === '1' && mayFollow;
  const on = Object.entries(filters) as [CallFilterKey, string][];
  return (
    <div className="flex flex-col gap-4">
      <RangeChoice range={range} />
      <CallsChart range={range} filters={filters} />
      <div className="flex flex-wrap items-center justify-between gap-2">
        <FilterBar
          label={t('searchTools')}
          text={filters.toolPrefix}
          onText={(toolPrefix) => setFilters({ toolPrefix })}
          onClear={
            on.length === 0 ? undefined : () => setFilters(Object.fromEntries(on.map(([key]) => [key, undefined])))
          }
        />
        <Button
          aria-pressed={following}
          disabled={!mayFollow}
          title={mayFollow ? undefined : t('liveNoEnd')}
          onClick={() => setLive({ live: following ? undefined : '1' })}
        >
          <Radio size={15} aria-hidden />
          {following ? t('liveStop') : t('live')}
        </Button>
      </div>
      <FiltersOn
        on={on.filter(([key]) => key !== 'toolPrefix')}
        onTakeAway={(key) => setFilters({ [key]: undefined })}
      />
      <div className="grid items-start gap-6 lg:grid-cols-[12rem_minmax(0,1fr)]">
        <CallFacets query={query} filters={filters} onChange={setFilters} />
        {following ? <LiveView query={toQuery(filters)} /> : <FoundCalls query={query} narrowed={on.length > 0} />}
      </div>
    </div>
  );
}

interface FiltersOnProps {
  readonly on: readonly (readonly [CallFilterKey, string])[];
  readonly onTakeAway: (key: CallFilterKey) => void;
}

/** Filters in force, each with the way out. */
function FiltersOn({ on, onTakeAway }: FiltersOnProps) {
  if (on.length === 0) return null;
  return (
    <ul className="flex flex-wrap gap-2">
      {on.map(([key, value]) => (
        <li key={key} className="flex items-center gap-1 rounded-full bg-accent-soft py-0.5 pr-1 pl-3 text-sm">
          <span className="text-quiet">{key}</span> <UntrustedText text={value} limit={60} />
          <button
            type="button"
            aria-label={t('filterOn', { filter: `${key} ${value}` })}
            onClick={() => onTakeAway(key)}
            className="grid size-6 place-items-center rounded-full hover:bg-panel"
          >
            <X size={13} aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}
