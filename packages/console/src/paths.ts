/** The only place where addresses of the console are spelled. Every part that comes from data is encoded here. */

const part = encodeURIComponent;
const inWorkspace = (workspace: string, rest = ''): string => `/workspaces/${part(workspace)}${rest}`;

export const paths = {
  start: () => '/',
  signIn: (returnTo?: string) =>
    returnTo === undefined || returnTo === '/' ? '/sign-in' : `/sign-in?return=${part(returnTo)}`,
  setUp: () => '/setup',
  account: () => '/account',
  home: (workspace: string) => inWorkspace(workspace),
  insights: (workspace: string) => inWorkspace(workspace, '/insights'),
  firstRun: (workspace: string, step?: string) =>
    inWorkspace(workspace, `/first-run${step === undefined ? '' : `?step=${part(step)}`}`),
  connect: (workspace: string, server?: string) =>
    inWorkspace(workspace, `/connect${server === undefined ? '' : `?server=${part(server)}`}`),
  servers: (workspace: string) => inWorkspace(workspace, '/servers'),
  server: (workspace: string, server: string) => inWorkspace(workspace, `/servers/${part(server)}`),
  hosted: (workspace: string) => inWorkspace(workspace, '/hosted'),
  access: (workspace: string) => inWorkspace(workspace, '/access'),
  approvals: (workspace: string) => inWorkspace(workspace, '/approvals'),
  approval: (workspace: string, approval: string) => inWorkspace(workspace, `/approvals/${part(approval)}`),
  activity: (workspace: string) => inWorkspace(workspace, '/activity'),
  call: (workspace: string, call: string) => inWorkspace(workspace, `/activity/calls/${part(call)}`),
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
