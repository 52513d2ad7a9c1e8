import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

const inbox = () => import('./approvals-page.tsx');

/** Pages of the area, below `parent`. */
export const approvalRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'approvals', inbox, 'ApprovalsPage'),
  page(parent, 'approvals/history', () => import('./history-page.tsx'), 'HistoryPage'),
  page(parent, 'approvals/access-requests', () => import('./access-requests-page.tsx'), 'AccessRequestsPage'),
  page(parent, 'approvals/$approval', inbox, 'ApprovalsPage'),
];
