import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const instanceRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'instance', () => import('./instance-page.tsx'), 'InstancePage'),
  page(parent, 'instance/people', () => import('./people-page.tsx'), 'PeoplePage'),
  page(parent, 'instance/keys', () => import('./instance-keys-page.tsx'), 'InstanceKeysPage'),
  page(parent, 'instance/network', () => import('./network-page.tsx'), 'NetworkPage'),
  page(parent, 'instance/proof', () => import('./proof-page.tsx'), 'ProofPage'),
  page(parent, 'instance/sinks', () => import('./instance-sinks-page.tsx'), 'InstanceSinksPage'),
  page(parent, 'instance/changes', () => import('./changes-page.tsx'), 'InstanceChangesPage'),
];
