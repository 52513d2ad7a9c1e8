import { createHash } from 'node:crypto';
import { invalidInput } from '../../../domain/errors.ts';
import type { WorkloadSpec } from '../runtime.ts';

export const labelNames = {
  managedBy: 'app.kubernetes.io/managed-by',
  install: 'mcpnest.io/install',
  workspace: 'mcpnest.io/workspace',
  instance: 'mcpnest.io/instance',
} as const;

/** An annotation, since a label holds 63 characters and a SHA-256 has 64. */
export const specHashAnnotation = 'mcpnest.io/spec-hash';

const labelValue = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Names and labels of one installation's objects. */
export interface Identity {
  /** Of what belongs to an instance; a DNS label. */
  readonly instanceName: (instanceId: string) => string;
  /** Of what the instances of a workspace share. */
  readonly workspaceName: (workspaceId: string) => string;
  readonly labels: (spec: Pick<WorkloadSpec, 'instanceId' | 'workspaceId'>) => Readonly<Record<string, string>>;
  readonly workspaceLabels: (workspaceId: string) => Readonly<Record<string, string>>;
  /** Selects everything of the installation, or of one instance or workspace of it. */
  readonly selector: (of?: { readonly instanceId?: string; readonly workspaceId?: string }) => string;
  /** Whether an object that was found by its name is ours. */
  readonly owns: (labels: Readonly<Record<string, string>> | undefined) => boolean;
}

/**
 * @param install id of the installation, which may share the namespace with others
 * @throws AppError `invalid_input` for an id that cannot be the value of a label
 */
export function createIdentity(install: string): Identity {
  const ours = { [labelNames.managedBy]: 'mcpnest', [labelNames.install]: checked(install) };
  const workspaceLabels = (workspaceId: string) => ({ ...ours, [labelNames.workspace]: checked(workspaceId) });
  return {
    instanceName: (instanceId) => `mcp-${shortHash(install, 'instance', instanceId)}`,
    workspaceName: (workspaceId) => `mcp-ws-${shortHash(install, 'workspace', workspaceId)}`,
    workspaceLabels,
    labels: ({ instanceId, workspaceId }) => ({
      ...workspaceLabels(workspaceId),
      [labelNames.instance]: checked(instanceId),
    }),
    selector: ({ instanceId, workspaceId } = {}) =>
      Object.entries({
        ...ours,
        ...(workspaceId === undefined ? {} : { [labelNames.workspace]: checked(workspaceId) }),
        ...(instanceId === undefined ? {} : { [labelNames.instance]: checked(instanceId) }),
      })
        .map(([name, value]) => `${name}=${value}`)
        .join(','),
    owns: (labels) => Object.entries(ours).every(([name, value]) => labels?.[name] === value),
  };
}

/** 80 bits: ids need not be DNS labels, and two installations must not meet in one name. */
const shortHash = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 20);

function checked(value: string): string {
  if (labelValue.test(value)) return value;
  throw invalidInput('An id that Kubernetes is to carry as a label has letters, digits, dots and dashes, 63 at most.');
}
