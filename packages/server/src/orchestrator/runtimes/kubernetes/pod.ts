import type { WorkloadSpec } from '../runtime.ts';

/** Name of the one container of a pod. */
export const containerName = 'bridge';
export const bridgePort = 8080;
/** Beside the programs of the image, which has this user. */
const userId = 10_001;
const secretsFolder = '/run/mcpnest';
const secretsFile = 'secrets.json';

/** What an operator may add to every pod; nothing here comes from a user of the product. */
export interface PodOptions {
  /** A sandboxed runtime such as gVisor or Kata, by the name of its RuntimeClass. */
  readonly runtimeClass: string | undefined;
  /** Root inside is nobody on the node; needs nodes whose runtime and file systems map ids. */
  readonly userNamespaces: boolean;
}

/**
 * The pod of a workload. It meets the Pod Security Standard *restricted*, and no field of it comes from a user.
 * Kubernetes has no per-pod limit of processes (the kubelet's `podPidsLimit` is the node's) and mounts no folder noexec.
 * @param secretName the Secret with the secrets document
 */
export const podSpec = (spec: WorkloadSpec, secretName: string, options: PodOptions): object => ({
  // The orchestrator alone decides when something is started again: it counts crashes and waits between them.
  restartPolicy: 'Never',
  ...(options.runtimeClass === undefined ? {} : { runtimeClassName: options.runtimeClass }),
  ...(options.userNamespaces ? { hostUsers: false } : {}),
  hostNetwork: false,
  hostPID: false,
  hostIPC: false,
  // A server has no business with the cluster's API, nor with where other services are.
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  // Names of other hosts are of no use without a way out, and a resolver is a way to carry secrets off.
  dnsPolicy: 'None',
  dnsConfig: { nameservers: ['127.0.0.1'] },
  terminationGracePeriodSeconds: 10,
  securityContext: {
    runAsNonRoot: true,
    runAsUser: userId,
    runAsGroup: userId,
    // Files of a Secret belong to root: the group is how this user reads them.
    fsGroup: userId,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  },
  containers: [container(spec)],
  volumes: [
    // The node keeps Secrets in memory.
    {
      name: 'secrets',
      secret: { secretName, defaultMode: 0o440, items: [{ key: secretsFile, path: secretsFile }] },
    },
    ...spec.scratch.map(({ bytes }, index) => ({
      name: `scratch-${index}`,
      emptyDir: { medium: 'Memory', sizeLimit: `${bytes}` },
    })),
  ],
});

function container(spec: WorkloadSpec): object {
  const amounts = { cpu: `${Math.round(spec.cpus * 1000)}m`, memory: `${spec.memoryBytes}` };
  // The bridge answers to the names it was given and to loopback; the kubelet would ask by the address of the pod.
  const httpHeaders = [{ name: 'Host', value: `127.0.0.1:${bridgePort}` }];
  const health = { httpGet: { path: '/healthz', port: bridgePort, scheme: 'HTTP', httpHeaders }, timeoutSeconds: 3 };
  return {
    name: containerName,
    image: `${spec.image.name}@${spec.image.digest}`,
    imagePullPolicy: 'IfNotPresent',
    env: Object.entries({
      ...spec.settings,
      MCP_BRIDGE_HOST: '0.0.0.0',
      MCP_BRIDGE_PORT: `${bridgePort}`,
      MCP_BRIDGE_SECRETS: `${secretsFolder}/${secretsFile}`,
    }).map(([name, value]) => ({ name, value })),
    ports: [{ name: 'bridge', containerPort: bridgePort, protocol: 'TCP' }],
    // Requests equal limits: nothing is promised twice, and a neighbour is never squeezed out.
    resources: { limits: amounts, requests: amounts },
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    readinessProbe: { ...health, periodSeconds: 2, failureThreshold: 3 },
    // The bridge restarts its child by itself and is unwell for up to 15 s meanwhile; this is for a bridge that hangs.
    livenessProbe: { ...health, periodSeconds: 15, failureThreshold: 6, initialDelaySeconds: 60 },
    volumeMounts: [
      { name: 'secrets', mountPath: secretsFolder, readOnly: true },
      ...spec.scratch.map(({ path }, index) => ({ name: `scratch-${index}`, mountPath: path })),
    ],
  };
}

/** The file of the Secret, and what is in it. */
export const secretData = (document: string): Readonly<Record<string, string>> => ({
  [secretsFile]: Buffer.from(document, 'utf8').toString('base64'),
});
