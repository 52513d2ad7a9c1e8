import { createHash } from 'node:crypto';

/** Labels of everything MCPNest makes in an engine. An object without its own installation's label is foreign. */
export const label = {
  install: 'mcpnest.install',
  workspace: 'mcpnest.workspace',
  instance: 'mcpnest.instance',
  /** Id of the instance's network. */
  network: 'mcpnest.network',
  /** Hash of the specification a container was made from. */
  spec: 'mcpnest.spec',
  role: 'mcpnest.role',
  /** Hash of all a container was made with; one made with anything else is made again before it starts. */
  form: 'mcpnest.form',
} as const;

export type Role = 'workload' | 'gate' | 'network' | 'edge';
export type Labels = Readonly<Record<string, string>>;

/** How the objects of one installation are named and told from foreign ones. */
export interface Names {
  workload(instanceId: string): string;
  gate(instanceId: string): string;
  network(instanceId: string): string;
  readonly edge: string;
  labels(role: Role, more?: Labels): Labels;
  /** Of the `filters` parameter: what has these labels of this installation. */
  filter(role?: Role, instanceId?: string): string;
  isOurs(labels: Labels, role: Role): boolean;
}

/** @param install id of the installation; engines may be shared by several */
export function namesOf(install: string): Names {
  const prefix = `mcpnest-${createHash('sha256').update(install).digest('hex').slice(0, 8)}`;
  return {
    workload: (instanceId) => `${prefix}-${checked(instanceId)}`,
    gate: (instanceId) => `${prefix}-${checked(instanceId)}-gate`,
    network: (instanceId) => `${prefix}-${checked(instanceId)}`,
    edge: `${prefix}-edge`,
    labels: (role, more = {}) => ({ ...more, [label.install]: install, [label.role]: role }),
    filter: (role, instanceId) =>
      JSON.stringify({
        label: [
          `${label.install}=${install}`,
          ...(role === undefined ? [] : [`${label.role}=${role}`]),
          ...(instanceId === undefined ? [] : [`${label.instance}=${checked(instanceId)}`]),
        ],
      }),
    isOurs: (labels, role) => labels[label.install] === install && labels[label.role] === role,
  };
}

/** Ids are made by us; one that is none must not become part of a path. */
function checked(instanceId: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,63}$/.test(instanceId)) return instanceId;
  throw new TypeError('An id of an instance has another form than those MCPNest makes.');
}
