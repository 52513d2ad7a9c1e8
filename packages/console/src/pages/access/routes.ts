import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const accessRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'access', () => import('./access-page.tsx'), 'AccessPage'),
];
