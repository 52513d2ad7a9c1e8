/** The fields of Kubernetes objects that we read or write, under their names in the published API (release 1.36). */

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** Anything that is sent; its further fields are those of its kind. */
export interface ManifestOf<Kind extends string> {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

export interface Job {
  readonly metadata: Metadata;
  readonly spec?: { readonly suspend?: boolean };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export interface Pod {
  readonly metadata: Metadata;
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string };
    readonly running?: { readonly startedAt?: string };
    readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly startedAt?: string };
  };
}

export interface Service {
  readonly metadata: Metadata;
  readonly spec?: { readonly clusterIP?: string };
}

/** Of the metrics API (`metrics.k8s.io/v1beta1`), which a cluster may lack. */
export interface PodMetrics {
  /** End of the interval the figures are of. */
  readonly timestamp: string;
  /** Length of the interval, as `15.2s` or `1m0s`. */
  readonly window: string;
  readonly containers: readonly {
    readonly name: string;
    readonly usage: { readonly cpu: string; readonly memory: string };
  }[];
}

export interface List<Item> {
  readonly metadata?: { readonly continue?: string };
  readonly items: readonly Item[];
}

/** The path of a collection, or of one object in it. */
export interface Paths {
  readonly jobs: (name?: string) => string;
  readonly pods: (name?: string) => string;
  readonly podLog: (name: string) => string;
  readonly services: (name?: string) => string;
  readonly secrets: (name?: string) => string;
  readonly networkPolicies: (name?: string) => string;
  readonly podMetrics: (name: string) => string;
}

/** Where the objects of a namespace are. */
export function pathsOf(namespace: string): Paths {
  const at = (group: string, plural: string) => (name?: string) =>
    `/${group}/namespaces/${namespace}/${plural}${name === undefined ? '' : `/${name}`}`;
  const pods = at('api/v1', 'pods');
  return {
    jobs: at('apis/batch/v1', 'jobs'),
    pods,
    podLog: (name) => `${pods(name)}/log`,
    services: at('api/v1', 'services'),
    secrets: at('api/v1', 'secrets'),
    networkPolicies: at('apis/networking.k8s.io/v1', 'networkpolicies'),
    podMetrics: at('apis/metrics.k8s.io/v1beta1', 'pods'),
  };
}
