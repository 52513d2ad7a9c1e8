/** The only place where addresses of the console are spelled. Every part that comes from data is encoded here. */

const part = encodeURIComponent;
const inWorkspace = (workspace: string, rest = ''): string => `/workspaces/${part(workspace)}${rest}`;

/** The parts of a server's page. */
export type ServerPart =
  | 'overview'
  | 'tools'
  | 'review'
  | 'calls'
  | 'access'
  | 'revisions'
  | 'credentials'
  | 'connections';

export const paths = {
  start: () => '/',
  signIn: (returnTo?: string) =>
    returnTo === undefined || returnTo === '/' ? '/sign-in' : `/sign-in?return=${part(returnTo)}`,
  setUp: () => '/setup',
  account: () => '/account',
  home: (workspace: string) => inWorkspace(workspace),
  firstRun: (workspace: string) => inWorkspace(workspace, '/first-run'),
  servers: (workspace: string) => inWorkspace(workspace, '/servers'),
  server: (workspace: string, server: string) => inWorkspace(workspace, `/servers/${part(server)}`),
  serverPart: (workspace: string, server: string, name: ServerPart) =>
    inWorkspace(workspace, `/servers/${part(server)}${name === 'overview' ? '' : `/${name}`}`),
  /** The tool's panel on its server's page. */
  serverTool: (workspace: string, server: string, tool: string) =>
    inWorkspace(workspace, `/servers/${part(server)}/tools?tool=${part(tool)}`),
  hosted: (workspace: string) => inWorkspace(workspace, '/hosted'),
  access: (workspace: string) => inWorkspace(workspace, '/access'),
  approvals: (workspace: string) => inWorkspace(workspace, '/approvals'),
  approval: (workspace: string, approval: string) => inWorkspace(workspace, `/approvals/${part(approval)}`),
  activity: (workspace: string) => inWorkspace(workspace, '/activity'),
  /** Calls that a filter of `calls.list` lets through. */
  activityWith: (workspace: string, filter: Readonly<Record<string, string>>) =>
    inWorkspace(workspace, `/activity?${new URLSearchParams(filter).toString()}`),
  settings: (workspace: string) => inWorkspace(workspace, '/settings'),
  stop: (workspace: string, stop: string) => inWorkspace(workspace, `/stops/${part(stop)}`),
  instance: () => '/instance',
  apiReference: () => '/docs',
} as const;

/** Where to go instead of a given place: only a path of this very origin is followed, anything else leads to `/`. */
export function safeReturn(wanted: string | null | undefined, origin: string): string {
  if (wanted === null || wanted === undefined || !/^\/(?![/\\])/.test(wanted)) return '/';
  if (/[\u0000-\u001f\\]/.test(wanted) || !URL.canParse(wanted, origin)) return '/';
  const url = new URL(wanted, origin);
  if (url.origin !== origin || url.pathname.startsWith('//') || url.pathname === '/sign-in') return '/';
  return url.pathname + url.search + url.hash;
}
