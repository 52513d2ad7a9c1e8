import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { apiQuery } from '../api/queries.ts';
import { useSession } from '../api/session.ts';
import { can } from '../capabilities.ts';
import { useGo } from '../components/navigate.ts';
import { paths } from '../paths.ts';
import { t } from '../strings/shell.ts';
import { useOfferedActions } from './actions.ts';
import { navigationItems, startOf } from './navigation-items.ts';

interface Entry {
  readonly id: string;
  readonly label: string;
  readonly run: () => void;
}

interface Group {
  readonly value: string;
  readonly items: readonly Entry[];
}

export interface PaletteProps {
  readonly workspace: string;
  readonly onClose: () => void;
}

/** Everything by its name: pages, what can be done here, workspaces, servers, people. */
export function Palette({ workspace, onClose }: PaletteProps) {
  const groups = useGroups(workspace);
  const choose = (entry: Entry): void => {
    onClose();
    entry.run();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-scrim" />
        <Dialog.Popup
          aria-label={t('search')}
          className="popup fixed inset-x-0 top-[12vh] z-40 mx-auto flex max-h-[70vh] w-[calc(100vw-2rem)] max-w-xl flex-col overflow-hidden"
        >
          <Autocomplete.Root
            inline
            open
            items={groups}
            itemToStringValue={(entry: Entry) => entry.label}
            autoHighlight="always"
            keepHighlight
          >
            <div className="flex items-center gap-2.5 border-b border-line px-4">
              <Search size={16} aria-hidden className="text-quiet" />
              <Autocomplete.Input
                aria-label={t('search')}
                placeholder={t('search')}
                className="h-12 grow bg-transparent text-lg outline-none placeholder:text-quiet"
              />
            </div>
            <Autocomplete.Empty className="px-4 py-6 text-quiet empty:hidden">{t('nothingFits')}</Autocomplete.Empty>
            <Autocomplete.List className="overflow-y-auto p-2 empty:hidden">
              {(group: Group) => (
                <Autocomplete.Group key={group.value} items={group.items} className="mb-2">
                  <Autocomplete.GroupLabel className="px-2 py-1 text-xs font-medium text-quiet">
                    {group.value}
                  </Autocomplete.GroupLabel>
                  <Autocomplete.Collection>
                    {(entry: Entry) => (
                      <Autocomplete.Item
                        key={entry.id}
                        value={entry}
                        onClick={() => choose(entry)}
                        className="rounded-md px-2 py-1.5 data-highlighted:bg-accent-soft"
                      >
                        {entry.label}
                      </Autocomplete.Item>
                    )}
                  </Autocomplete.Collection>
                </Autocomplete.Group>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function useGroups(workspace: string): Group[] {
  const session = useSession();
  const go = useGo();
  const offered = useOfferedActions();
  const inWorkspace = workspace !== '';
  const request = { params: { workspace } };
  const servers = useQuery({ ...apiQuery('servers', 'list', request), enabled: inWorkspace });
  const mayList = inWorkspace && can(session, 'members.list', workspace);
  const members = useQuery({ ...apiQuery('members', 'list', request), enabled: mayList });
  const entry = (id: string, label: string, to: string): Entry => ({ id, label, run: () => go(to) });
  const groups: Group[] = [
    { value: 'Actions', items: offered },
    {
      value: 'Pages',
      items: [
        ...(inWorkspace
          ? navigationItems.map((item) => entry(`page ${item.label}`, item.label, startOf(item, workspace, session)))
          : []),
        ...(session.instanceRole === null ? [] : [entry('page instance', t('instance'), paths.instance())]),
        entry('page account', t('account'), paths.account()),
      ],
    },
    {
      value: 'Servers',
      items: (servers.data?.items ?? []).map(({ slug, name }) =>
        entry(`server ${slug}`, name, paths.server(workspace, slug)),
      ),
    },
    {
      value: 'People',
      items: (members.data?.items ?? []).map(({ id, name, email }) =>
        entry(`member ${id}`, `${name} · ${email}`, `${paths.access(workspace)}?text=${encodeURIComponent(email)}`),
      ),
    },
    {
      value: 'Workspaces',
      items: session.workspaces.map(({ slug, name }) =>
        entry(`workspace ${slug}`, `${name} workspace`, paths.home(slug)),
      ),
    },
  ];
  return groups.filter(({ items }) => items.length > 0);
}
