import type { Drill } from '@mcpnest/contract/schemas/drills';
import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { problemOf } from '../../../api/problem.ts';
import { apiQuery, useChange } from '../../../api/queries.ts';
import { Asked } from '../../../components/asked.tsx';
import { faultOf } from '../../../components/fault-of.ts';
import { useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/servers.ts';
import { Button } from '../../../ui/button.tsx';
import { Card } from '../../../ui/card.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/field.tsx';
import { Form } from '../../../ui/form.tsx';
import { Notice } from '../../../ui/notice.tsx';
import { RelativeTime } from '../../../ui/relative-time.tsx';
import { StatusWord } from '../../../ui/status.tsx';

/** Treat the server as failing for a while; who was affected by earlier drills. */
export function DrillCard({ server: { slug, name } }: { readonly server: Server }) {
  const workspace = useWorkspace();
  const params = { workspace, server: slug };
  const [asking, setAsking] = useState(false);
  const query = useQuery({ ...apiQuery('drills', 'list', { params }), refetchInterval: 5_000 });
  const stop = useChange('drills', 'stop', ['servers']);
  const running = query.data?.items.some((drill) => drill.running) === true;
  return (
    <Card
      title={t('drills')}
      about={t('drillsAbout')}
      actions={
        running ? (
          <Button small look="danger" busy={stop.isPending} onClick={() => stop.mutate({ params })}>
            {t('stopDrill')}
          </Button>
        ) : (
          <Button small onClick={() => setAsking(true)}>
            {t('startDrill')}
          </Button>
        )
      }
    >
      {stop.error !== null && (
        <Notice tone="bad" title={problemOf(stop.error).title}>
          {problemOf(stop.error).detail}
        </Notice>
      )}
      <Asked query={query} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-quiet">{t('noDrills')}</p>
          ) : (
            <ul className="flex flex-col gap-3">
              {items.slice(0, 5).map((drill) => (
                <DrillItem key={drill.id} drill={drill} />
              ))}
            </ul>
          )
        }
      </Asked>
      <Dialog open={asking} onClose={() => setAsking(false)} title={t('drillTitle', { name })} about={t('drillAbout')}>
        {asking && <StartDrill server={slug} onClose={() => setAsking(false)} />}
      </Dialog>
    </Card>
  );
}

const DrillItem = ({ drill }: { readonly drill: Drill }) => (
  <li>
    <p className="flex flex-wrap items-center gap-x-2">
      {drill.running ? <StatusWord tone="info">{t('drillRuns')}</StatusWord> : <RelativeTime at={drill.startedAt} />}
      <span className="text-quiet">{drill.startedBy}</span>
    </p>
    {drill.running && (
      <p className="text-sm text-quiet">
        {t('drillEnds')} <RelativeTime at={drill.endsAt} />
      </p>
    )}
    <p className="text-sm">
      {drill.calls === 0
        ? t('drillNobody')
        : `${t('drillFailed', { count: drill.calls })} ${drill.affected.map(({ who, calls }) => `${who} (${calls})`).join(', ')}`}
    </p>
  </li>
);

function StartDrill({ server, onClose }: { readonly server: string; readonly onClose: () => void }) {
  const workspace = useWorkspace();
  const start = useChange('drills', 'start', ['servers']);
  const [seconds, setSeconds] = useState('60');
  const problem = faultOf(start.error);
  return (
    <Form
      submit={t('startDrill')}
      busy={start.isPending}
      problem={problem}
      onCancel={onClose}
      onSubmit={() =>
        start.mutate({ params: { workspace, server }, body: { seconds: Number(seconds) } }, { onSuccess: onClose })
      }
    >
      <TextField
        label={t('seconds')}
        type="number"
        min={1}
        max={600}
        value={seconds}
        onChange={setSeconds}
        error={problem?.errors['seconds']}
        help={t('secondsHelp')}
      />
    </Form>
  );
}
