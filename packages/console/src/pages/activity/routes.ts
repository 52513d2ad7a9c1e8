import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const activityRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'activity', () => import('./activity-page.tsx'), 'ActivityPage'),
];
