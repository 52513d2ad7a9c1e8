import { describeRuntime } from '../../packages/server/src/orchestrator/runtimes/runtime.contract.ts';
import { hash } from 'node:crypto';
import { hostedHost } from '../../packages/server/src/domain/hosted/workload.ts';
import { everythingArgv } from '../bridge.ts';
import { createProcessRuntime } from '../process-runtime.ts';

describeRuntime('processes as a runtime', async () => {
  const [runtime, foreign] = [createProcessRuntime(), createProcessRuntime()];
  return {
    runtime,
    foreign,
    readyMs: 15_000,
    pauses: true,
    serving: everythingArgv,
    failing: [process.execPath, '-e', 'console.error("no key given"); process.exit(3)'],
    spec: (instanceId, changed = false) => ({
      instanceId,
      workspaceId: 'w',
      image: { name: 'mcpnest/everything', digest: `sha256:${'0'.repeat(64)}` },
      cpus: 0.25,
      memoryBytes: 256 * 1024 * 1024,
      pids: 128,
      scratch: [],
      egress: [],
      forwards: [],
      settings: { MCP_BRIDGE_ALLOWED_HOSTS: `${hostedHost(instanceId)},127.0.0.1` },
      hash: hash('sha256', String(changed), 'hex'),
    }),
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]();
      await foreign[Symbol.asyncDispose]();
    },
  };
});
