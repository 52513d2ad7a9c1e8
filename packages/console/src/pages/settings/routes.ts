import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const settingsRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'settings', () => import('./settings-page.tsx'), 'SettingsPage'),
];
