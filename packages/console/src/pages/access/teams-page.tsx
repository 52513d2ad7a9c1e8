import type { Team } from '@mcpnest/contract/schemas/teams';
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
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { AccessFrame } from './access-frame.tsx';

const columnsFor = (workspace: string): readonly Column<Team>[] => [
  {
    id: 'name',
    header: t('name'),
    width: 'minmax(8rem, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ slug, name }) => (
      <TextLink to={paths.team(workspace, slug)}>
        <UntrustedText text={name} />
      </TextLink>
    ),
  },
  {
    id: 'slug',
    header: t('slug'),
    width: 'minmax(8rem, 2fr)',
    sortBy: ({ slug }) => slug,
    cell: ({ slug }) => <span className="font-mono text-sm">{slug}</span>,
  },
  {
    id: 'people',
    header: t('people'),
    width: '6rem',
    align: 'end',
    sortBy: ({ memberCount }) => memberCount,
    cell: ({ memberCount }) => memberCount,
  },
  {
    id: 'since',
    header: t('since'),
    width: '9rem',
    align: 'end',
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
];

/** The teams of the workspace; a member sees their own. */
export function TeamsPage() {
  const workspace = useWorkspace();
  const go = useGo();
  const mayCreate = useMay('teams.create');
  const [creating, setCreating] = useState(false);
  const [{ text }, setFilters] = useFilters(['text']);
  const query = useQuery(apiQuery('teams', 'list', { params: { workspace } }));
  const columns = useMemo(() => columnsFor(workspace), [workspace]);
  const wanted = text?.toLowerCase() ?? '';
  const create = mayCreate && (
    <Button look="primary" onClick={() => setCreating(true)}>
      {t('createTeam')}
    </Button>
  );
  return (
    <AccessFrame about={t('teamsAbout')} same={['team list', 'GET /teams']} actions={create}>
      <Asked query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              title={t('noTeams')}
              example={<CodeBlock label="command" code={`mcpnest team create Juniors --workspace ${workspace}`} />}
            >
              {mayCreate ? t('noTeamsAbout') : t('noTeamsMember')}
            </EmptyState>
          ) : (
            <div className="flex flex-col gap-3">
              <FilterBar label={t('searchTeams')} text={text} onText={(next) => setFilters({ text: next })} />
              <VirtualTable
                label={words('teams')}
                rows={items.filter(({ name, slug }) => `${name} ${slug}`.toLowerCase().includes(wanted))}
                columns={columns}
                rowKey={({ slug }) => slug}
                onOpen={({ slug }) => go(paths.team(workspace, slug))}
              />
            </div>
          )
        }
      </Asked>
      <Dialog open={creating} onClose={() => setCreating(false)} title={t('createTeam')} about={t('noTeamsAbout')}>
        {creating && <CreateTeam onCancel={() => setCreating(false)} />}
      </Dialog>
    </AccessFrame>
  );
}

function CreateTeam({ onCancel }: { readonly onCancel: () => void }) {
  const workspace = useWorkspace();
  const go = useGo();
  const create = useChange('teams', 'create');
  const [name, setName] = useState('');
  const [slug, setSlug] = useState('');
  const problem = faultOf(create.error);
  return (
    <Form
      submit={t('createTeam')}
      busy={create.isPending}
      problem={problem}
      disabled={name.trim() === ''}
      onCancel={onCancel}
      onSubmit={() =>
        after(create.mutateAsync({ params: { workspace }, body: { name, ...(slug === '' ? {} : { slug }) } }), (made) =>
          go(paths.team(workspace, made.slug)),
        )
      }
    >
      <TextField label={t('name')} value={name} onChange={setName} error={problem?.errors['name']} />
      <TextField
        label={t('slug')}
        optional
        mono
        help={t('slugHelp')}
        value={slug}
        onChange={setSlug}
        error={problem?.errors['slug']}
      />
    </Form>
  );
}
