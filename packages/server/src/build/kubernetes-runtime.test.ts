import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startStandInCluster } from '../../../../test/servers/kubernetes/api-server.ts';
import { loadConfig } from '../config/config.ts';
import { openKubernetes } from './kubernetes-runtime.ts';

describe('openKubernetes', () => {
  it('opens the cluster a kubeconfig names, and none that refuses it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpnest-kubeconfig-'));
    const read = [{ apiGroups: ['', 'batch'], resources: ['jobs', 'pods', 'services'], verbs: ['list'] }];
    try {
      for (const rules of [read, []]) {
        await using cluster = await startStandInCluster(rules);
        const kubeconfig = {
          'current-context': 'c',
          contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
          clusters: [{ name: 'c', cluster: { server: cluster.url } }],
          users: [{ name: 'c', user: { token: cluster.token } }],
        };
        const file = join(folder, 'config');
        writeFileSync(file, JSON.stringify(kubeconfig));
        const { config } = loadConfig({ KUBECONFIG: file });
        const opening = openKubernetes(config, 'install-1');
        if (rules.length === 0) await expect(opening).rejects.toThrow(/Role of the Helm chart/);
        else await (await opening)[Symbol.asyncDispose]();
      }
      await expect(openKubernetes(loadConfig({}).config, 'install-1')).rejects.toThrow(/KUBECONFIG/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
