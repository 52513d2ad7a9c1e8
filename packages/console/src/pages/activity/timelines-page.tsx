import type { Timeline } from '@mcpnest/contract/schemas/timelines';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useFilters } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { ActivityFrame } from './activity-frame.tsx';
import { RangeChoice } from './range-choice.tsx';
import { TimelineEntries, TimelineTokens, TimelineTotals } from './timeline-parts.tsx';
import { TimelineSubject } from './timeline-subject.tsx';
import type { SubjectKind } from './timeline-subject.tsx';
import { useTimeRange } from './time-range.ts';

const isKind = (text: string | undefined): text is SubjectKind =>
  text === 'member' || text === 'machine' || text === 'server';

/** What became of a person, a machine or a server. */
export function TimelinesPage() {
  const workspace = useWorkspace();
  const [filters, setFilters] = useFilters(['of', 'id']);
  const kind = isKind(filters.of) ? filters.of : 'member';
  const option = kind === 'server' ? '--server github' : `--${kind} ${kind === 'member' ? 'ada@example.com' : 'ci'}`;
  return (
    <ActivityFrame
      operation="timelines.member"
      about={t('timelinesAbout')}
      cli={{
        command: `mcpnest audit timeline ${option} --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/${kind}s/{${kind}}/timeline`,
      }}
    >
      <div className="flex flex-col gap-5">
        <TimelineSubject kind={kind} id={filters.id} onChange={(of, id) => setFilters({ of, id })} />
        {filters.id === undefined ? (
          <EmptyState
            title={t('timelineChooseTitle')}
            example={
              <CodeBlock label="command" code={`mcpnest audit timeline --server github --workspace ${workspace}`} />
            }
          >
            {t('timelineChoose')}
          </EmptyState>
        ) : (
          <Chosen key={kind} kind={kind} id={filters.id} />
        )}
      </div>
    </ActivityFrame>
  );
}

function Chosen({ kind, id }: { readonly kind: SubjectKind; readonly id: string }) {
  const workspace = useWorkspace();
  const range = useTimeRange('30d');
  const query = { from: range.from, to: range.to, limit: 500 };
  const of = {
    member: apiQuery('timelines', 'member', { params: { workspace, member: id }, query }),
    machine: apiQuery('timelines', 'machine', { params: { workspace, machine: id }, query }),
    server: apiQuery('timelines', 'server', { params: { workspace, server: id }, query }),
  };
  const member = useQuery({ ...of.member, enabled: kind === 'member' });
  const machine = useQuery({ ...of.machine, enabled: kind === 'machine' });
  const server = useQuery({ ...of.server, enabled: kind === 'server' });
  return (
    <>
      <RangeChoice range={range} />
      <Asked query={{ member, machine, server }[kind]} rows={10}>
        {(timeline) => <Told timeline={timeline} />}
      </Asked>
    </>
  );
}

const Told = ({ timeline }: { readonly timeline: Timeline }) => (
  <div className="flex flex-col gap-5">
    <TimelineTotals timeline={timeline} />
    {timeline.tokens.length > 0 && <TimelineTokens tokens={timeline.tokens} />}
    {timeline.items.length === 0 ? (
      <EmptyState title={t('timelineEmptyTitle')}>{t('timelineEmpty')}</EmptyState>
    ) : (
      <TimelineEntries entries={timeline.items} />
    )}
    {!timeline.complete && <p className="text-quiet">{t('timelineMore')}</p>}
  </div>
);
