import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const connectRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'connect', () => import('./connect-page.tsx'), 'ConnectPage'),
];
