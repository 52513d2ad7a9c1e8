import { Activity, CircleCheck, House, Plug, Server, Settings, Users } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import type { Session } from '../api/session.ts';
import { accessStart, activityStart } from '../components/area-start.ts';
import type { AreaStart } from '../components/area-start.ts';
import { paths } from '../paths.ts';
import { t } from '../strings/shell.ts';

export interface NavigationItem {
  readonly label: string;
  /** Every page of the area is at or below it. */
  readonly at: (workspace: string) => string;
  /** Where it begins, unless that is `at`. */
  readonly start?: AreaStart;
  readonly icon: LucideIcon;
  /** After `g`, the key that leads there. */
  readonly key: string;
  readonly badge?: 'approvals';
}

/** The areas of a workspace, in their order. */
export const navigationItems: readonly NavigationItem[] = [
  { label: t('home'), at: paths.home, icon: House, key: 'h' },
  { label: t('servers'), at: paths.servers, icon: Server, key: 's' },
  { label: t('access'), at: paths.access, start: accessStart, icon: Users, key: 'a' },
  { label: t('approvals'), at: paths.approvals, icon: CircleCheck, key: 'p', badge: 'approvals' },
  { label: t('activity'), at: paths.activity, start: activityStart, icon: Activity, key: 'v' },
  { label: t('connect'), at: (workspace) => paths.connect(workspace), icon: Plug, key: 'c' },
  { label: t('settings'), at: paths.settings, icon: Settings, key: 't' },
];

/** Where the way to an area leads somebody. */
export const startOf = ({ at, start = at }: NavigationItem, workspace: string, session: Session): string =>
  start(workspace, session);
