import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages for who is not signed in yet, and the way from `/` to a workspace. */
export const enterRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, '/', () => import('./start-page.tsx'), 'StartPage'),
  page(parent, 'sign-in', () => import('./sign-in-page.tsx'), 'SignInPage'),
  page(parent, 'setup', () => import('./set-up-page.tsx'), 'SetUpPage'),
  page(parent, 'invitation', () => import('./invitation-page.tsx'), 'InvitationPage'),
  page(parent, 'password-reset', () => import('./password-reset-page.tsx'), 'PasswordResetPage'),
];
