import { useQuery } from '@tanstack/react-query';
import { Building2, Menu, Search, X } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { apiQuery } from '../api/queries.ts';
import { useSession } from '../api/session.ts';
import { Link } from '../components/link.tsx';
import { useHere } from '../components/navigate.ts';
import { paths } from '../paths.ts';
import { t } from '../strings/shell.ts';
import { IconButton } from '../ui/button.tsx';
import { cx } from '../ui/cx.ts';
import { navigationItems, startOf } from './navigation-items.ts';
import { PersonMenu } from './person-menu.tsx';
import { WorkspaceSwitcher } from './workspace-switcher.tsx';

export interface SidebarProps {
  readonly workspace: string;
  readonly onPalette: () => void;
  readonly onSheet: () => void;
}

/** Which workspace, where in it, and who is here; on a small screen all but the first behind a button. */
export function Sidebar({ workspace, onPalette, onSheet }: SidebarProps) {
  const session = useSession();
  const { pathname } = useHere();
  // Opened on a page and closed by going to another one.
  const [openOn, setOpenOn] = useState<string>();
  const open = openOn === pathname;
  return (
    <div className="flex flex-col gap-4 border-line bg-sunken px-3 py-4 max-md:border-b max-md:py-2.5 md:sticky md:top-0 md:h-dvh md:border-r">
      <div className="flex items-center gap-2">
        <div className="flex min-w-0 grow flex-col">
          <WorkspaceSwitcher workspace={workspace} />
        </div>
        <div className="md:hidden">
          <IconButton
            label={t('menu')}
            aria-expanded={open}
            onClick={() => setOpenOn(open ? undefined : pathname)}
            icon={open ? <X size={18} aria-hidden /> : <Menu size={18} aria-hidden />}
          />
        </div>
      </div>
      <div className={cx('flex min-h-0 grow flex-col gap-4', !open && 'max-md:hidden')}>
        <button
          type="button"
          onClick={onPalette}
          className="flex h-8.5 items-center gap-2 rounded-md border border-line bg-panel px-2.5 text-sm text-quiet hover:border-line-strong"
        >
          <Search size={14} aria-hidden />
          <span className="grow text-left">{t('search')}</span>
          <kbd className="font-sans text-xs">Ctrl K</kbd>
        </button>
        <nav aria-label="Main" className="flex grow flex-col gap-0.5 overflow-y-auto">
          {workspace !== '' &&
            navigationItems.map((item) => (
              <NavLink
                key={item.label}
                to={startOf(item, workspace, session)}
                at={item.at(workspace)}
                exact={item.at === paths.home}
                pathname={pathname}
              >
                <item.icon size={16} aria-hidden />
                <span className="grow">{item.label}</span>
                {item.badge === 'approvals' && <WaitingBadge workspace={workspace} />}
              </NavLink>
            ))}
          {session.instanceRole !== null && (
            <div className={cx(workspace !== '' && 'mt-3 border-t border-line pt-3')}>
              <NavLink to={paths.instance()} pathname={pathname}>
                <Building2 size={16} aria-hidden />
                {t('instance')}
              </NavLink>
            </div>
          )}
        </nav>
        <PersonMenu onSheet={onSheet} />
      </div>
    </div>
  );
}

interface NavLinkProps {
  readonly to: string;
  /** Every page of the area is at or below it; undefined: `to`. */
  readonly at?: string;
  readonly pathname: string;
  readonly exact?: boolean;
  readonly children: ReactNode;
}

function NavLink({ to, at = to, pathname, exact = false, children }: NavLinkProps) {
  const current = pathname === at || pathname === `${at}/` || (!exact && pathname.startsWith(`${at}/`));
  return (
    <Link
      to={to}
      aria-current={current ? 'page' : undefined}
      className={cx(
        'flex h-8.5 items-center gap-2.5 rounded-md px-2.5',
        current
          ? 'bg-panel font-medium text-text shadow-raised inset-ring inset-ring-line'
          : 'text-quiet hover:bg-panel hover:text-text',
      )}
    >
      {children}
    </Link>
  );
}

/** How many calls wait for somebody; asked again every quarter of a minute while the page is looked at. */
function WaitingBadge({ workspace }: { readonly workspace: string }) {
  const { data } = useQuery({
    ...apiQuery('approvals', 'list', { params: { workspace }, query: { show: 'pending', limit: 100 } }),
    refetchInterval: 15_000,
  });
  const count = data?.items.filter(({ mayDecide }) => mayDecide).length ?? 0;
  if (count === 0) return null;
  return (
    <span className="rounded-full bg-accent px-1.5 text-xs font-semibold text-on-accent">
      <span aria-hidden>{count === 100 ? '99+' : count}</span>
      <span className="sr-only">{t('waiting', { count })}</span>
    </span>
  );
}
