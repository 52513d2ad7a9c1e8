import type { Config } from '../config/config.ts';
import { inClusterAccess } from '../orchestrator/runtimes/kubernetes/access.ts';
import { kubeconfigAccess } from '../orchestrator/runtimes/kubernetes/kubeconfig.ts';
import { openKubernetesRuntime } from '../orchestrator/runtimes/kubernetes/kubernetes.ts';
import type { Runtime } from '../orchestrator/runtimes/runtime.ts';
import { systemClock } from '../platform/clock.ts';

/**
 * The runtime for `MCPNEST_RUNTIME=kubernetes`.
 * @param installation id that marks what is ours
 * @throws AppError when the cluster does not answer, or refuses what the runtime has to ask: better now than later
 */
export async function openKubernetes({ kubernetes }: Config, installation: string): Promise<Runtime> {
  const { namespace, gatewayNamespace, runtimeClass, userNamespaces, kubeconfig, host, port } = kubernetes;
  const runtime = openKubernetesRuntime({
    access: kubeconfig === undefined ? inClusterAccess({ host, port }) : kubeconfigAccess(kubeconfig),
    clock: systemClock,
    install: installation,
    namespace,
    gatewayNamespace,
    pods: { runtimeClass, userNamespaces },
  });
  await runtime.list();
  return runtime;
}
