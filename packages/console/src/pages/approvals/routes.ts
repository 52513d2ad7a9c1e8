import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const approvalRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'approvals', () => import('./approvals-page.tsx'), 'ApprovalsPage'),
];
