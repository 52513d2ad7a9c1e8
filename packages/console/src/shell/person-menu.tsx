import { BookOpen, Keyboard, LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react';
import { queryClient } from '../api/queries.ts';
import { sessionQuery, signOut, useSession } from '../api/session.ts';
import { useGo } from '../components/navigate.ts';
import { paths } from '../paths.ts';
import { themes, useTheme } from '../preferences.ts';
import { t } from '../strings/shell.ts';
import { Menu } from '../ui/menu.tsx';
import { toast } from '../ui/toast.tsx';
import { problemOf } from '../api/problem.ts';

const icons = { system: Monitor, light: Sun, dark: Moon } as const;
const words = { system: 'As the system', light: 'Light', dark: 'Dark' } as const;

/** Who is here, and what concerns them alone. */
export function PersonMenu({ onSheet }: { readonly onSheet: () => void }) {
  const { user } = useSession();
  const [theme, setTheme] = useTheme();
  const go = useGo();
  async function leave(): Promise<void> {
    try {
      await signOut();
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, null);
    } catch (error) {
      const { title, detail } = problemOf(error);
      toast({ title, detail, tone: 'bad' });
    }
  }
  const looks = themes.map((each) => {
    const Icon = icons[each];
    return {
      label: `${words[each]}${each === theme ? ' ✓' : ''}`,
      icon: <Icon size={14} aria-hidden />,
      onSelect: () => setTheme(each),
    };
  });
  return (
    <Menu
      align="start"
      groups={[
        [
          { label: t('account'), icon: <UserRound size={14} aria-hidden />, onSelect: () => go(paths.account()) },
          { label: t('keyboard'), icon: <Keyboard size={14} aria-hidden />, onSelect: onSheet },
          {
            label: t('apiReference'),
            icon: <BookOpen size={14} aria-hidden />,
            onSelect: () => location.assign(paths.apiReference()),
          },
        ],
        looks,
        [{ label: t('signOut'), icon: <LogOut size={14} aria-hidden />, onSelect: () => void leave() }],
      ]}
      trigger={
        <button type="button" className="flex items-center gap-2.5 rounded-md p-1.5 text-left hover:bg-panel">
          <span
            aria-hidden
            className="grid size-7 shrink-0 place-items-center rounded-full bg-accent-soft text-sm font-semibold text-accent-text"
          >
            {user.name.slice(0, 1).toUpperCase()}
          </span>
          <span className="sr-only">{t('account')}:</span>
          <span className="min-w-0">
            <span className="block truncate font-medium">{user.name}</span>
            <span className="block truncate text-xs text-quiet">{user.email}</span>
          </span>
        </button>
      }
    />
  );
}
