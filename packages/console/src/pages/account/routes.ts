import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const accountRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'account', () => import('./account-page.tsx'), 'AccountPage'),
];
