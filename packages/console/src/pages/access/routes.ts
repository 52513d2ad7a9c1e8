import type { AnyRoute } from '@tanstack/react-router';
import { page } from '../../page-route.ts';

/** Pages of the area, below `parent`. */
export const accessRoutes = (parent: AnyRoute): AnyRoute[] => [
  page(parent, 'access', () => import('./members-page.tsx'), 'MembersPage'),
  page(parent, 'access/members/$member', () => import('./member-page.tsx'), 'MemberPage'),
  page(parent, 'access/members/$member/view', () => import('./view-as-page.tsx'), 'ViewAsPage'),
  page(parent, 'access/teams', () => import('./teams-page.tsx'), 'TeamsPage'),
  page(parent, 'access/teams/$team', () => import('./team-page.tsx'), 'TeamPage'),
  page(parent, 'access/machines', () => import('./machines-page.tsx'), 'MachinesPage'),
  page(parent, 'access/machines/$machine', () => import('./machine-page.tsx'), 'MachinePage'),
  page(parent, 'access/tokens', () => import('./tokens-page.tsx'), 'TokensPage'),
  page(parent, 'access/rules', () => import('./rules-page.tsx'), 'RulesPage'),
  page(parent, 'access/rules/document', () => import('./document-page.tsx'), 'DocumentPage'),
  page(parent, 'access/security', () => import('./security-page.tsx'), 'SecurityPage'),
  page(parent, 'access/matrix', () => import('./matrix-page.tsx'), 'MatrixPage'),
  page(parent, 'access/test', () => import('./test-page.tsx'), 'TestPage'),
  page(parent, 'access/simulation', () => import('./simulation-page.tsx'), 'SimulationPage'),
  page(parent, 'access/unused', () => import('./unused-page.tsx'), 'UnusedPage'),
  page(parent, 'access/requests', () => import('./requests-page.tsx'), 'RequestsPage'),
  page(parent, 'access/history', () => import('./history-page.tsx'), 'HistoryPage'),
];
