import { hash, randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { ensureLeastImage, leastCommand } from '../../../../../../test/servers/least-image.ts';
import { hostedHost } from '../../../domain/hosted/workload.ts';
import { createLog } from '../../../platform/log.ts';
import { describeRuntime } from '../runtime.contract.ts';
import { createDockerRuntime } from './docker.ts';

describeRuntime('Docker as a runtime', async () => {
  const socketPath = inject('dockerSocket');
  const image = await ensureLeastImage(socketPath);
  const log = createLog('silent');
  const open = () => createDockerRuntime({ socketPath, install: `test-${randomUUID()}`, gateImage: image.digest }, log);
  const [runtime, foreign] = [open(), open()];
  return {
    runtime,
    foreign,
    readyMs: 15_000,
    pauses: true,
    serving: leastCommand,
    failing: ['node', '-e', 'console.error("no key given"); process.exit(3)'],
    spec: (instanceId, changed = false) => ({
      instanceId,
      workspaceId: 'w',
      image,
      cpus: 0.5,
      memoryBytes: 256 * 1024 ** 2,
      pids: 128,
      scratch: [{ path: '/tmp', bytes: 8 * 1024 ** 2 }],
      egress: [],
      forwards: [],
      settings: {
        MCP_BRIDGE_ALLOWED_HOSTS: `${hostedHost(instanceId)},127.0.0.1,localhost`,
        MCP_BRIDGE_MAX_RESTARTS: '0',
      },
      hash: hash('sha256', String(changed), 'hex'),
    }),
    async [Symbol.asyncDispose]() {
      await runtime[Symbol.asyncDispose]();
      await foreign[Symbol.asyncDispose]();
    },
  };
});
