import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const hostedRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'hosted', () => import('./hosted-page.tsx'), 'HostedPage'),
];
