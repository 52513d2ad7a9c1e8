import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const settingsRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'settings', () => import('./settings-page.tsx'), 'SettingsPage'),
  page(parent, 'settings/records', () => import('./records-page.tsx'), 'RecordsPage'),
  page(parent, 'settings/webhooks', () => import('./webhooks-page.tsx'), 'WebhooksPage'),
  page(parent, 'settings/webhooks/$webhook', () => import('./webhook-page.tsx'), 'WebhookPage'),
  page(parent, 'settings/sinks', () => import('./sinks-page.tsx'), 'SinksPage'),
  page(parent, 'settings/keys', () => import('./keys-page.tsx'), 'KeysPage'),
  page(parent, 'settings/erasure', () => import('./erasure-page.tsx'), 'ErasurePage'),
];
