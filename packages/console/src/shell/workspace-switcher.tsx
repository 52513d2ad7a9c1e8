import { Check, ChevronsUpDown } from 'lucide-react';
import { useSession } from '../api/session.ts';
import { useGo } from '../components/navigate.ts';
import { paths } from '../paths.ts';
import { t } from '../strings/shell.ts';
import { Menu } from '../ui/menu.tsx';
import { Mark } from './mark.tsx';

/** Which workspace this is, and the way to another. */
export function WorkspaceSwitcher({ workspace }: { readonly workspace: string }) {
  const { workspaces, instanceRole } = useSession();
  const go = useGo();
  const name = workspaces.find(({ slug }) => slug === workspace)?.name ?? (workspace === '' ? 'MCPNest' : workspace);
  const items = workspaces.map((each) => ({
    label: each.name,
    icon: <Check size={14} aria-hidden className={each.slug === workspace ? '' : 'invisible'} />,
    onSelect: () => go(paths.home(each.slug)),
  }));
  const all = { label: t('allWorkspaces'), icon: <span className="w-3.5" />, onSelect: () => go(paths.instance()) };
  return (
    <Menu
      align="start"
      groups={[items, instanceRole === null ? [] : [all]]}
      trigger={
        <button
          type="button"
          aria-label={t('workspaceMenu', { name })}
          className="flex h-10 items-center gap-2.5 rounded-md px-1.5 text-left hover:bg-panel"
        >
          <Mark />
          <span className="min-w-0 grow truncate font-semibold">{name}</span>
          <ChevronsUpDown size={14} aria-hidden className="text-quiet" />
        </button>
      }
    />
  );
}
