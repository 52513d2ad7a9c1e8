import { ChevronRight } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { useSession } from '../api/session.ts';
import { can } from '../capabilities.ts';
import { CliEquivalent } from './cli-equivalent.tsx';
import type { CliEquivalentProps } from './cli-equivalent.tsx';
import { Link } from './link.tsx';
import { cx } from '../ui/cx.ts';
import { useHere } from './navigate.ts';
import { useWorkspace } from './workspace.tsx';

export interface PageProps {
  /** The area or the thing; what is shown of it, its tabs say. */
  readonly title: string;
  /** One sentence on what this page is for. */
  readonly about?: ReactNode;
  /** The way here from the top; the page itself is not in it. */
  readonly trail?: readonly { readonly label: string; readonly to: string }[];
  /** Beside the title: the state of the thing. */
  readonly status?: ReactNode;
  /** At the top right; the primary one last. */
  readonly actions?: ReactNode;
  /** The parts of the area or thing; shown are those that the person may open. */
  readonly tabs?: readonly LinkTab[];
  /** The same by command line and API. */
  readonly cli?: CliEquivalentProps;
  readonly children: ReactNode;
}

/** What every page has around it. */
export function Page({ title, about, trail = [], status, actions, tabs = [], cli, children }: PageProps) {
  const session = useSession();
  const workspace = useWorkspace();
  const { pathname } = useHere();
  const offered = tabs
    .filter(({ needs }) => needs === undefined || can(session, needs, workspace))
    .map((tab) => ({ ...tab, current: tab.current ?? pathname === tab.to }));
  const named = [offered.find(({ current }) => current)?.label, title, 'MCPNest'];
  const documentTitle = named.filter((name) => name !== undefined).join(' · ');
  useEffect(() => {
    document.title = documentTitle;
  }, [documentTitle]);
  return (
    <main
      id="main"
      tabIndex={-1}
      className="mx-auto flex w-full max-w-6xl flex-col gap-6 px-6 py-7 outline-none lg:px-10"
    >
      <header className="flex flex-col gap-1">
        {trail.length > 0 && (
          <nav aria-label="Breadcrumbs">
            <ol className="flex items-center gap-1 text-sm text-quiet">
              {trail.map(({ label, to }) => (
                <li key={to} className="flex items-center gap-1">
                  <Link to={to} className="rounded hover:text-text">
                    {label}
                  </Link>
                  <ChevronRight size={13} aria-hidden />
                </li>
              ))}
            </ol>
          </nav>
        )}
        <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
          <div className="flex min-w-0 items-center gap-3">
            <h1 className="truncate text-2xl font-semibold tracking-tight">{title}</h1>
            {status}
          </div>
          {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
        </div>
        {about !== undefined && <p className="max-w-prose text-quiet">{about}</p>}
      </header>
      {offered.length > 1 && <LinkTabs tabs={offered} label={title} />}
      {children}
      {cli !== undefined && <CliEquivalent {...cli} />}
    </main>
  );
}

export interface LinkTab {
  readonly label: string;
  readonly to: string;
  /** The operation without which there is nothing to see, e.g. `members.list`. */
  readonly needs?: string;
  /** Also the current one on pages below it, e.g. of one thing of its list. */
  readonly current?: boolean;
}

/** Parts of one area or thing, each with an address of its own. */
function LinkTabs({ tabs, label }: { readonly tabs: readonly LinkTab[]; readonly label: string }) {
  const { pathname } = useHere();
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    const current = list.current?.querySelector<HTMLElement>('[aria-current]');
    if (!list.current || !current) return;
    // Where not all of them fit: just so far that the current one does, with a bit of the next.
    const end = current.offsetLeft + current.offsetWidth - list.current.offsetLeft;
    list.current.scrollLeft = Math.max(0, end + 32 - list.current.clientWidth);
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- the path says which tab is the current one
  }, [pathname]);
  return (
    <nav ref={list} aria-label={label} className="flex gap-5 overflow-x-auto border-b border-line">
      {tabs.map(({ label: name, to, current }) => (
        <Link
          key={to}
          to={to}
          aria-current={current ? 'page' : undefined}
          className={cx(
            '-mb-px border-b-2 px-0.5 pb-2 whitespace-nowrap',
            current ? 'border-accent font-medium text-text' : 'border-transparent text-quiet hover:text-text',
          )}
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}
