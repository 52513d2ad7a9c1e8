/** The parts of a pod that the Pod Security Standards speak of. */
interface PodLike {
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext?: Context;
  readonly volumes?: readonly Readonly<Record<string, unknown>>[];
  readonly containers?: readonly ContainerLike[];
  readonly initContainers?: readonly ContainerLike[];
}

interface ContainerLike {
  readonly name?: string;
  readonly securityContext?: Context & {
    readonly privileged?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
    readonly procMount?: string;
    readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  };
  readonly ports?: readonly { readonly hostPort?: number }[];
}

interface Context {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type?: string };
  readonly sysctls?: readonly unknown[];
  readonly appArmorProfile?: { readonly type?: string };
  readonly seLinuxOptions?: object;
}

const allowedVolumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** What in a pod breaks the profile *restricted* of the Pod Security Standards (which includes *baseline*). */
export function restrictedViolations(podSpec: object): string[] {
  const pod = podSpec as PodLike;
  const found: string[] = [];
  const must = (holds: boolean, rule: string): void => void (holds || found.push(rule));
  must(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC, 'host namespaces');
  must((pod.securityContext?.sysctls ?? []).length === 0, 'sysctls');
  must(pod.securityContext?.seLinuxOptions === undefined, 'SELinux');
  for (const volume of pod.volumes ?? []) {
    const types = Object.keys(volume).filter((name) => name !== 'name');
    must(types.length > 0 && types.every((type) => allowedVolumes.includes(type)), `volume types: ${types.join()}`);
  }
  const containers = [...(pod.containers ?? []), ...(pod.initContainers ?? [])];
  must(containers.length > 0, 'a container');
  for (const { name, securityContext: own, ports } of containers) {
    const context = { ...pod.securityContext, ...own };
    const inContainer = (holds: boolean, rule: string): void => must(holds, `${name}: ${rule}`);
    inContainer(own?.privileged !== true, 'privileged');
    inContainer(own?.allowPrivilegeEscalation === false, 'privilege escalation');
    inContainer(context.runAsNonRoot === true, 'running as non-root');
    inContainer(context.runAsUser !== 0, 'running as non-root user');
    inContainer(['RuntimeDefault', 'Localhost'].includes(context.seccompProfile?.type ?? ''), 'seccomp');
    inContainer(own?.capabilities?.drop?.includes('ALL') === true, 'capabilities dropped');
    inContainer(
      (own?.capabilities?.add ?? []).every((added) => added === 'NET_BIND_SERVICE'),
      'capabilities added',
    );
    inContainer(own?.procMount === undefined || own.procMount === 'Default', '/proc mount type');
    inContainer(own?.seLinuxOptions === undefined, 'SELinux');
    inContainer((context.appArmorProfile?.type ?? 'RuntimeDefault') !== 'Unconfined', 'AppArmor');
    inContainer(
      (ports ?? []).every(({ hostPort }) => hostPort === undefined || hostPort === 0),
      'host ports',
    );
  }
  return found;
}
