import { createRootRoute, createRoute, createRouter, Outlet } from '@tanstack/react-router';
import { Fault, NotFound } from './components/fault.tsx';
import { accessRoutes } from './pages/access/routes.ts';
import { accountRoutes } from './pages/account/routes.ts';
import { activityRoutes } from './pages/activity/routes.ts';
import { approvalRoutes } from './pages/approvals/routes.ts';
import { connectRoutes } from './pages/connect/routes.ts';
import { enterRoutes } from './pages/enter/routes.ts';
import { firstRunRoutes } from './pages/first-run/routes.ts';
import { homeRoutes } from './pages/home/routes.ts';
import { hostedRoutes } from './pages/hosted/routes.ts';
import { instanceRoutes } from './pages/instance/routes.ts';
import { serverRoutes } from './pages/servers/routes.ts';
import { settingsRoutes } from './pages/settings/routes.ts';
import { Shell } from './shell/shell.tsx';

const root = createRootRoute({ component: Outlet });
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });
const workspace = createRoute({ getParentRoute: () => shell, path: 'workspaces/$workspace', component: Outlet });

/** One address per page; each area brings its own. */
const tree = root.addChildren([
  ...enterRoutes(root),
  shell.addChildren([
    ...accountRoutes(shell),
    ...instanceRoutes(shell),
    workspace.addChildren([
      ...homeRoutes(workspace),
      ...firstRunRoutes(workspace),
      ...connectRoutes(workspace),
      ...serverRoutes(workspace),
      ...hostedRoutes(workspace),
      ...accessRoutes(workspace),
      ...approvalRoutes(workspace),
      ...activityRoutes(workspace),
      ...settingsRoutes(workspace),
    ]),
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultErrorComponent: Fault,
  defaultNotFoundComponent: NotFound,
  defaultPendingMinMs: 0,
  scrollRestoration: true,
  // Queries are text and nothing else; the default would read JSON out of them.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(search as Record<string, string>).toString();
    return text === '' ? '' : `?${text}`;
  },
});
