import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const instanceRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'instance', () => import('./instance-page.tsx'), 'InstancePage'),
];
