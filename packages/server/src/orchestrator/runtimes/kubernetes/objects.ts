import type { WorkloadSecrets, WorkloadSpec } from '../runtime.ts';
import { labelNames, specHashAnnotation, type Identity } from './identity.ts';
import { bridgePort, podSpec, secretData, type PodOptions } from './pod.ts';
import type { ManifestOf, OwnerReference } from './resources.ts';

/** The pods that may reach workloads, in the namespace of the chart: who calls them, and who asks whether they serve. */
export const gatewayLabels = { 'app.kubernetes.io/name': 'mcpnest', 'app.kubernetes.io/component': 'server' } as const;
export const orchestratorLabels = { ...gatewayLabels, 'app.kubernetes.io/component': 'orchestrator' } as const;

/**
 * The Job of a workload: one pod, never restarted by the cluster, replaced by nobody but us. It is made suspended, so
 * that everything else can be owned by it before its pod starts.
 */
export const jobOf = (spec: WorkloadSpec, identity: Identity, options: PodOptions): ManifestOf<'Job'> => {
  const name = identity.instanceName(spec.instanceId);
  const labels = identity.labels(spec);
  const annotations = { [specHashAnnotation]: spec.hash };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels, annotations },
    spec: {
      suspend: true,
      parallelism: 1,
      completions: 1,
      backoffLimit: 0,
      template: { metadata: { labels, annotations }, spec: podSpec(spec, name, options) },
    },
  };
};

/** The secrets document (`MCP_BRIDGE_SECRETS`) as one file; owned by the Job, so that it cannot outlive it. */
export const secretOf = (
  spec: WorkloadSpec,
  { command, env, token }: WorkloadSecrets,
  identity: Identity,
  owner: OwnerReference,
): ManifestOf<'Secret'> => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: owner.name, labels: identity.labels(spec), ownerReferences: [owner] },
  type: 'Opaque',
  immutable: true,
  data: secretData(JSON.stringify({ command, env, token })),
});

/** A stable address: that of a pod may be another workload's as soon as it has ended. */
export const serviceOf = (spec: WorkloadSpec, identity: Identity, owner: OwnerReference): ManifestOf<'Service'> => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: owner.name, labels: identity.labels(spec), ownerReferences: [owner] },
  spec: {
    type: 'ClusterIP',
    selector: { ...identity.labels(spec) },
    ports: [{ name: 'bridge', port: bridgePort, targetPort: bridgePort, protocol: 'TCP' }],
  },
});

/** Nothing in but from gateway and orchestrator to the bridge, nothing out, DNS included; for every workload of the workspace. */
export const networkPolicyOf = (
  workspaceId: string,
  identity: Identity,
  gatewayNamespace: string,
): ManifestOf<'NetworkPolicy'> => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: identity.workspaceName(workspaceId), labels: identity.workspaceLabels(workspaceId) },
  spec: {
    podSelector: { matchLabels: identity.workspaceLabels(workspaceId) },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      {
        from: [gatewayLabels, orchestratorLabels].map((matchLabels) => ({
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': gatewayNamespace } },
          podSelector: { matchLabels },
        })),
        ports: [{ protocol: 'TCP', port: bridgePort }],
      },
    ],
    egress: [],
  },
});

/** The workspace of an object of ours; undefined where its label is missing. */
export const workspaceOf = (labels: Readonly<Record<string, string>> | undefined): string | undefined =>
  labels?.[labelNames.workspace];
