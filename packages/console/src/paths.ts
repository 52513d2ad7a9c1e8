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
  insights: (workspace: string) => inWorkspace(workspace, '/insights'),
  firstRun: (workspace: string, step?: string) =>
    inWorkspace(workspace, `/first-run${step === undefined ? '' : `?step=${part(step)}`}`),
  connect: (workspace: string, server?: string) =>
    inWorkspace(workspace, `/connect${server === undefined ? '' : `?server=${part(server)}`}`),
  servers: (workspace: string) => inWorkspace(workspace, '/servers'),
  addServer: (workspace: string) => inWorkspace(workspace, '/servers?open=add'),
  server: (workspace: string, server: string) => inWorkspace(workspace, `/servers/${part(server)}`),
  serverPart: (workspace: string, server: string, name: ServerPart) =>
    inWorkspace(workspace, `/servers/${part(server)}${name === 'overview' ? '' : `/${name}`}`),
  /** The tool's panel on its server's page. */
  serverTool: (workspace: string, server: string, tool: string) =>
    inWorkspace(workspace, `/servers/${part(server)}/tools?tool=${part(tool)}`),
  hosted: (workspace: string) => inWorkspace(workspace, '/hosted'),
  hostedSettings: (workspace: string) => inWorkspace(workspace, '/hosted?open=hosting'),
  hostedInstance: (workspace: string, instance: string) => inWorkspace(workspace, `/hosted/${part(instance)}`),
  hostedLog: (workspace: string, instance: string) => inWorkspace(workspace, `/hosted/${part(instance)}/log`),
  access: (workspace: string) => inWorkspace(workspace, '/access'),
  accessPart: (workspace: string, name: string) => inWorkspace(workspace, `/access/${name}`),
  member: (workspace: string, member: string) => inWorkspace(workspace, `/access/members/${part(member)}`),
  viewAs: (workspace: string, member: string) => inWorkspace(workspace, `/access/members/${part(member)}/view`),
  team: (workspace: string, team: string) => inWorkspace(workspace, `/access/teams/${part(team)}`),
  machine: (workspace: string, machine: string) => inWorkspace(workspace, `/access/machines/${part(machine)}`),
  approvals: (workspace: string) => inWorkspace(workspace, '/approvals'),
  approval: (workspace: string, approval: string) => inWorkspace(workspace, `/approvals/${part(approval)}`),
  approvalHistory: (workspace: string) => inWorkspace(workspace, '/approvals/history'),
  accessRequests: (workspace: string) => inWorkspace(workspace, '/approvals/access-requests'),
  activity: (workspace: string) => inWorkspace(workspace, '/activity'),
  /** Calls that a filter of `calls.list` lets through. */
  activityWith: (workspace: string, filter: Readonly<Record<string, string>>) =>
    inWorkspace(workspace, `/activity?${new URLSearchParams(filter).toString()}`),
  call: (workspace: string, call: string) => inWorkspace(workspace, `/activity/calls/${part(call)}`),
  changes: (workspace: string) => inWorkspace(workspace, '/activity/changes'),
  timelines: (workspace: string) => inWorkspace(workspace, '/activity/timelines'),
  clients: (workspace: string) => inWorkspace(workspace, '/activity/clients'),
  usage: (workspace: string) => inWorkspace(workspace, '/activity/usage'),
  exports: (workspace: string) => inWorkspace(workspace, '/activity/exports'),
  proof: (workspace: string) => inWorkspace(workspace, '/activity/proof'),
  settings: (workspace: string) => inWorkspace(workspace, '/settings'),
  settingsRecords: (workspace: string) => inWorkspace(workspace, '/settings/records'),
  settingsWebhooks: (workspace: string) => inWorkspace(workspace, '/settings/webhooks'),
  settingsWebhook: (workspace: string, webhook: string) =>
    inWorkspace(workspace, `/settings/webhooks/${part(webhook)}`),
  settingsSinks: (workspace: string) => inWorkspace(workspace, '/settings/sinks'),
  settingsKeys: (workspace: string) => inWorkspace(workspace, '/settings/keys'),
  settingsErasure: (workspace: string) => inWorkspace(workspace, '/settings/erasure'),
  stop: (workspace: string, stop: string) => inWorkspace(workspace, `/stops/${part(stop)}`),
  instance: () => '/instance',
  instancePeople: () => '/instance/people',
  instanceKeys: () => '/instance/keys',
  instanceNetwork: () => '/instance/network',
  instanceProof: () => '/instance/proof',
  instanceSinks: () => '/instance/sinks',
  instanceChanges: () => '/instance/changes',
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
