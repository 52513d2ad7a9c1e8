import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const homeRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, '/', () => import('./home-page.tsx'), 'HomePage'),
  page(parent, 'insights', () => import('./insights-page.tsx'), 'InsightsPage'),
];
