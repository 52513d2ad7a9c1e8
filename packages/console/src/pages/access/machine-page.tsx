import type { Machine } from '@mcpnest/contract/schemas/machines';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { after, takeBack } from '../../components/after.ts';
import { useSession } from '../../api/session.ts';
import { accessStart } from '../../components/area-start.ts';
import { Asked, ProblemNotice } from '../../components/asked.tsx';
import { faultOf } from '../../components/fault-of.ts';
import { useGo } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { useMay, usePathPart, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t as words } from '../../strings/access.ts';
import { t } from '../../strings/access-teams.ts';
import { Button } from '../../ui/button.tsx';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { Switch } from '../../ui/choice-controls.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { toast } from '../../ui/toast.tsx';
import { useImpact } from './impact.ts';
import { MachineState } from './machines-page.tsx';
import { ofItsOwn } from './reading.ts';
import { MemberPicker } from './pickers.tsx';
import { StopButton, StopNotice, useStopOf } from './stop.tsx';
import { Timeline } from './timeline.tsx';
import { TokenTable } from './token-table.tsx';

/** One machine: its owner, its switch, its tokens, and what became of it. */
export function MachinePage() {
  const workspace = useWorkspace();
  const session = useSession();
  const id = usePathPart('machine');
  const query = useQuery({ ...apiQuery('machines', 'show', { params: { workspace, machine: id } }), ...ofItsOwn });
  const mayChange = useMay('machines.update');
  const mayLook = useMay('timelines.machine');
  const machine = query.data;
  return (
    <Page
      title={machine?.name ?? words('machines')}
      about={t('machineAbout')}
      trail={[
        { label: words('title'), to: accessStart(workspace, session) },
        { label: words('machines'), to: paths.accessPart(workspace, 'machines') },
      ]}
      status={machine && <MachineState state={machine.state} />}
      actions={
        machine !== undefined &&
        mayChange && (
          <>
            <StopButton target={`machine:${machine.name}`} name={machine.name} />
            <RemoveMachine machine={machine} />
          </>
        )
      }
      cli={{
        command: `mcpnest machine show ${machine?.name ?? id} --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/machines/${id}`,
      }}
    >
      <Asked query={query}>
        {(data) => (
          <>
            <Held machine={data} />
            <Card>
              <Settings machine={data} mayChange={mayChange} />
            </Card>
            <Card title={words('tokens')}>
              <TokenTable holder={{ machineId: data.id }} />
            </Card>
            {mayLook && <Timeline of="machine" id={data.id} />}
          </>
        )}
      </Asked>
    </Page>
  );
}

function Held({ machine: { name } }: { readonly machine: Machine }) {
  const stop = useStopOf(`machine:${name}`);
  return stop === undefined ? null : <StopNotice stop={stop} name={name} />;
}

function Settings({ machine, mayChange }: { readonly machine: Machine; readonly mayChange: boolean }) {
  const workspace = useWorkspace();
  const update = useChange('machines', 'update', ['tokens']);
  const params = { workspace, machine: machine.id };
  const { name } = machine;
  const turn = (enabled: boolean): void =>
    after(update.mutateAsync({ params, body: { enabled } }), () =>
      toast({
        title: t(enabled ? 'switchedOn' : 'switchedOff', { name }),
        undo: () => takeBack(update.mutateAsync({ params, body: { enabled: !enabled } })),
      }),
    );
  return (
    <div className="grid gap-6 lg:grid-cols-2">
      <KeyValueList
        items={{
          [t('owner')]: machine.ownerEmail,
          [t('lastUsed')]: machine.lastUsedAt === null ? words('never') : <RelativeTime at={machine.lastUsedAt} />,
          [t('since')]: <RelativeTime at={machine.createdAt} />,
          ID: (
            <span className="flex items-center gap-1">
              <span className="truncate font-mono text-sm">{machine.id}</span>
              <CopyButton text={machine.id} label={words('copyId')} />
            </span>
          ),
        }}
      />
      {mayChange && (
        <div className="flex flex-col gap-4">
          <Switch label={t('enabledLabel')} help={t('enabledHelp')} checked={machine.enabled} onChange={turn} />
          <MemberPicker
            label={t('owner')}
            value={machine.ownerId}
            onChange={(owner) => {
              if (owner !== null && owner.id !== machine.ownerId)
                after(update.mutateAsync({ params, body: { ownerId: owner.id } }), () =>
                  toast({ title: t('ownerChanged', { email: owner.email, name }) }),
                );
            }}
          />
          {update.error !== null && <ProblemNotice error={update.error} />}
        </div>
      )}
    </div>
  );
}

function RemoveMachine({ machine: { id, name } }: { readonly machine: Machine }) {
  const workspace = useWorkspace();
  const go = useGo();
  const [asking, setAsking] = useState(false);
  const remove = useChange('machines', 'remove', ['tokens', 'rules']);
  const felt = useImpact('machine', id, asking);
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)}>
        {words('remove')}
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('removeMachineAsk', { name })}
        consequences={[t('removeMachineEffect'), ...felt]}
        action={words('remove')}
        typed={name}
        busy={remove.isPending}
        problem={faultOf(remove.error)}
        onConfirm={() =>
          after(remove.mutateAsync({ params: { workspace, machine: id } }), () => {
            toast({ title: t('machineRemoved', { name }) });
            go(paths.accessPart(workspace, 'machines'));
          })
        }
      />
    </>
  );
}
