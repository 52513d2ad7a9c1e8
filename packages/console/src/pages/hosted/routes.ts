import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const hostedRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'hosted', () => import('./hosted-page.tsx'), 'HostedPage'),
  page(parent, 'hosted/$instance', () => import('./overview-page.tsx'), 'OverviewPage'),
  page(parent, 'hosted/$instance/log', () => import('./log-page.tsx'), 'LogPage'),
];
