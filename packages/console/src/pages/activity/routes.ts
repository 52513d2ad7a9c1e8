import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const activityRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'activity', () => import('./calls-page.tsx'), 'CallsPage'),
  page(parent, 'activity/calls/$call', () => import('./call-page.tsx'), 'CallPage'),
  page(parent, 'activity/changes', () => import('./changes-page.tsx'), 'ChangesPage'),
  page(parent, 'activity/timelines', () => import('./timelines-page.tsx'), 'TimelinesPage'),
  page(parent, 'activity/clients', () => import('./clients-page.tsx'), 'ClientsPage'),
  page(parent, 'activity/usage', () => import('./usage-page.tsx'), 'UsagePage'),
  page(parent, 'activity/exports', () => import('./exports-page.tsx'), 'ExportsPage'),
  page(parent, 'activity/proof', () => import('./proof-page.tsx'), 'ProofPage'),
];
