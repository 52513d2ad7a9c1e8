import { paths } from '../paths.ts';
import { t } from '../strings/hosted.ts';
import type { LinkTab } from './page.tsx';

/** The two kinds of servers: those that run elsewhere and those that run here. */
export const serverTabs = (workspace: string): LinkTab[] => [
  { label: t('connected'), to: paths.servers(workspace) },
  { label: t('hosted'), to: paths.hosted(workspace) },
];
