import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const firstRunRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'first-run', () => import('./first-run-page.tsx'), 'FirstRunPage'),
];
