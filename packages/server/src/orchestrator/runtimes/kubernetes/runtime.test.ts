import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { AccessRule } from '../../../../../../test/servers/kubernetes/access-rules.ts';
import { startStandInCluster } from '../../../../../../test/servers/kubernetes/api-server.ts';
import { hostedHost } from '../../../domain/hosted/workload.ts';
import { systemClock } from '../../../platform/clock.ts';
import { describeRuntime } from '../runtime.contract.ts';
import { openKubernetesRuntime } from './kubernetes.ts';

const rulesFile = new URL('../../../../../../deploy/helm/mcpnest/files/orchestrator-rules.yaml', import.meta.url);
const hostile = new URL('../../../../../../test/upstreams/hostile-stdio.ts', import.meta.url).pathname;

describeRuntime('Kubernetes as a runtime, on the stand-in cluster', async () => {
  const cluster = await startStandInCluster(parse(readFileSync(rulesFile, 'utf8')) as AccessRule[]);
  const open = (install: string) =>
    openKubernetesRuntime({
      access: { url: cluster.url, token: () => cluster.token },
      clock: systemClock,
      install,
      namespace: 'mcpnest-hosted',
      gatewayNamespace: 'mcpnest',
      pods: { runtimeClass: undefined, userNamespaces: false },
    });
  const [runtime, foreign] = [open('install-1'), open('install-2')];
  return {
    runtime,
    foreign,
    readyMs: 15_000,
    pauses: false,
    serving: [process.execPath, hostile],
    failing: [process.execPath, '-e', 'console.error("no key given"); process.exit(3)'],
    spec: (instanceId, changed = false) => ({
      instanceId,
      workspaceId: 'w',
      image: { name: 'mcpnest/everything', digest: `sha256:${'a'.repeat(64)}` },
      cpus: 0.25,
      memoryBytes: 256 * 1024 ** 2,
      pids: 128,
      scratch: [{ path: '/tmp', bytes: 8 * 1024 ** 2 }],
      egress: [],
      forwards: [],
      settings: {
        MCP_BRIDGE_ALLOWED_HOSTS: `${hostedHost(instanceId)},127.0.0.1,localhost`,
        MCP_BRIDGE_MAX_RESTARTS: '0',
        MCP_BRIDGE_GRACE_MS: '300',
      },
      hash: hash('sha256', String(changed), 'hex'),
    }),
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]();
      await foreign[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
});
