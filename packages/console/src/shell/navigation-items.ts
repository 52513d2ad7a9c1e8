import { Activity, CircleCheck, House, Plug, Server, Settings, Users } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import { paths } from '../paths.ts';
import { t } from '../strings/shell.ts';

export interface NavigationItem {
  readonly label: string;
  readonly to: (workspace: string) => string;
  readonly icon: LucideIcon;
  /** After `g`, the key that leads there. */
  readonly key: string;
  readonly badge?: 'approvals';
}

/** The areas of a workspace, in their order. */
export const navigationItems: readonly NavigationItem[] = [
  { label: t('home'), to: paths.home, icon: House, key: 'h' },
  { label: t('servers'), to: paths.servers, icon: Server, key: 's' },
  { label: t('access'), to: paths.access, icon: Users, key: 'a' },
  { label: t('approvals'), to: paths.approvals, icon: CircleCheck, key: 'p', badge: 'approvals' },
  { label: t('activity'), to: paths.activity, icon: Activity, key: 'v' },
  { label: t('connect'), to: (workspace) => paths.connect(workspace), icon: Plug, key: 'c' },
  { label: t('settings'), to: paths.settings, icon: Settings, key: 't' },
];
