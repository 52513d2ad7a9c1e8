import type { Machine } from '@mcpnest/contract/schemas/machines';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { after } from '../../components/after.ts';
import { Asked } from '../../components/asked.tsx';
import { faultOf } from '../../components/fault-of.ts';
import { FilterBar } from '../../components/filter-bar.tsx';
import { TextLink } from '../../components/link.tsx';
import { useFilters, useGo } from '../../components/navigate.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t as words } from '../../strings/access.ts';
import { t } from '../../strings/access-teams.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { AccessFrame } from './access-frame.tsx';
import { MemberPicker } from './pickers.tsx';

const tones = { active: 'ok', disabled: 'off', suspended: 'warn' } as const satisfies Record<
  Machine['state'],
  StatusTone
>;

/** Whether the tokens of a machine work, in words. */
export const MachineState = ({ state }: Pick<Machine, 'state'>) => (
  <StatusWord tone={tones[state]}>{t(state)}</StatusWord>
);

const columnsFor = (workspace: string): readonly Column<Machine>[] => [
  {
    id: 'name',
    header: t('name'),
    width: 'minmax(8rem, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ id, name }) => (
      <TextLink to={paths.machine(workspace, id)}>
        <UntrustedText text={name} />
      </TextLink>
    ),
  },
  {
    id: 'owner',
    header: t('owner'),
    width: 'minmax(10rem, 2fr)',
    sortBy: ({ ownerEmail }) => ownerEmail,
    cell: ({ ownerEmail }) => ownerEmail,
  },
  {
    id: 'state',
    header: t('state'),
    width: 'minmax(8rem, 1fr)',
    sortBy: ({ state }) => state,
    cell: (row) => <MachineState state={row.state} />,
  },
  {
    id: 'used',
    header: t('lastUsed'),
    width: '9rem',
    align: 'end',
    sortBy: ({ lastUsedAt }) => lastUsedAt ?? '',
    cell: ({ lastUsedAt }) => (lastUsedAt === null ? words('never') : <RelativeTime at={lastUsedAt} />),
  },
];

/** The programs that call tools. */
export function MachinesPage() {
  const workspace = useWorkspace();
  const go = useGo();
  const mayCreate = useMay('machines.create');
  const [creating, setCreating] = useState(false);
  const [{ text }, setFilters] = useFilters(['text']);
  const query = useQuery(apiQuery('machines', 'list', { params: { workspace } }));
  const columns = useMemo(() => columnsFor(workspace), [workspace]);
  const wanted = text?.toLowerCase() ?? '';
  return (
    <AccessFrame
      about={t('machinesAbout')}
      same={['machine list', 'GET /machines']}
      actions={
        mayCreate && (
          <Button look="primary" onClick={() => setCreating(true)}>
            {t('createMachine')}
          </Button>
        )
      }
    >
      <Asked query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              title={t('noMachines')}
              example={<CodeBlock label="command" code={`mcpnest machine create nightly --workspace ${workspace}`} />}
            >
              {t('noMachinesAbout')}
            </EmptyState>
          ) : (
            <div className="flex flex-col gap-3">
              <FilterBar label={t('searchMachines')} text={text} onText={(next) => setFilters({ text: next })} />
              <VirtualTable
                label={words('machines')}
                rows={items.filter(({ name, ownerEmail }) => `${name} ${ownerEmail}`.toLowerCase().includes(wanted))}
                columns={columns}
                rowKey={({ id }) => id}
                onOpen={({ id }) => go(paths.machine(workspace, id))}
              />
            </div>
          )
        }
      </Asked>
      <Dialog
        open={creating}
        onClose={() => setCreating(false)}
        title={t('createMachine')}
        about={t('noMachinesAbout')}
      >
        {creating && <CreateMachine onCancel={() => setCreating(false)} />}
      </Dialog>
    </AccessFrame>
  );
}

function CreateMachine({ onCancel }: { readonly onCancel: () => void }) {
  const workspace = useWorkspace();
  const go = useGo();
  const create = useChange('machines', 'create');
  const [name, setName] = useState('');
  const [ownerId, setOwnerId] = useState<string | null>(null);
  const problem = faultOf(create.error);
  return (
    <Form
      submit={t('createMachine')}
      busy={create.isPending}
      problem={problem}
      disabled={name.trim() === ''}
      onCancel={onCancel}
      onSubmit={() =>
        after(
          create.mutateAsync({ params: { workspace }, body: { name, ...(ownerId === null ? {} : { ownerId }) } }),
          ({ id }) => go(paths.machine(workspace, id)),
        )
      }
    >
      <TextField label={t('name')} value={name} onChange={setName} error={problem?.errors['name']} />
      <MemberPicker
        label={t('owner')}
        help={t('ownerHelp')}
        value={ownerId}
        onChange={(member) => setOwnerId(member?.id ?? null)}
      />
    </Form>
  );
}
