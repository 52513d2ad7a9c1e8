import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const serverRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'servers', () => import('./servers-page.tsx'), 'ServersPage'),
  page(parent, 'servers/$server', () => import('./overview/overview-page.tsx'), 'OverviewPage'),
  page(parent, 'servers/$server/tools', () => import('./tools/tools-page.tsx'), 'ToolsPage'),
  page(parent, 'servers/$server/review', () => import('./review/review-page.tsx'), 'ReviewPage'),
  page(parent, 'servers/$server/calls', () => import('./calls-page.tsx'), 'CallsPage'),
  page(parent, 'servers/$server/access', () => import('./access/server-access-page.tsx'), 'ServerAccessPage'),
  page(parent, 'servers/$server/revisions', () => import('./revisions-page.tsx'), 'RevisionsPage'),
  page(parent, 'servers/$server/credentials', () => import('./credentials-page.tsx'), 'CredentialsPage'),
  page(parent, 'servers/$server/connections', () => import('./connections-page.tsx'), 'ConnectionsPage'),
];
