import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const serverRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'servers', () => import('./servers-page.tsx'), 'ServersPage'),
  page(parent, 'servers/$server', () => import('./server-page.tsx'), 'ServerPage'),
];
