import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Badge } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { readOnce } from './reading.ts';

export interface TimelineProps {
  readonly of: 'member' | 'machine';
  readonly id: string;
}

/** What became of somebody. Asked for only when wanted, since every look is an audit event. */
export function Timeline(props: TimelineProps) {
  const [shown, setShown] = useState(false);
  return (
    <Card
      title={t('timeline')}
      about={t('timelineAbout')}
      actions={!shown && <Button onClick={() => setShown(true)}>{t('showTimeline')}</Button>}
    >
      {shown && <Entries {...props} />}
    </Card>
  );
}

function Entries({ of, id }: TimelineProps) {
  const workspace = useWorkspace();
  const member = useQuery({
    ...apiQuery('timelines', 'member', { params: { workspace, member: id }, query: {} }),
    ...readOnce,
    enabled: of === 'member',
  });
  const machine = useQuery({
    ...apiQuery('timelines', 'machine', { params: { workspace, machine: id }, query: {} }),
    ...readOnce,
    enabled: of === 'machine',
  });
  return (
    <Asked query={of === 'member' ? member : machine}>
      {({ items, complete }) => (
        <>
          {items.length === 0 && <p className="text-quiet">{t('timelineNone')}</p>}
          <ol className="flex flex-col gap-2">
            {items.map(({ at, kind, what, by }, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- entries have no identity, and the list is read as a whole
              <li key={index} className="grid grid-cols-[8rem_6rem_1fr] items-baseline gap-x-3 max-sm:grid-cols-1">
                <span className="text-sm text-quiet">
                  <RelativeTime at={at} />
                </span>
                <span>
                  <Badge>{kind}</Badge>
                </span>
                <span>
                  <UntrustedText text={what} />
                  {by !== null && <span className="text-sm text-quiet"> · {by}</span>}
                </span>
              </li>
            ))}
          </ol>
          {!complete && <p className="mt-3 text-sm text-quiet">{t('timelineMore')}</p>}
        </>
      )}
    </Asked>
  );
}
