import { describe, expect, it } from 'vitest';
import { restrictedViolations } from '../../../../../../test/servers/kubernetes/restricted.ts';
import { schemaProblems } from '../../../../../../test/servers/kubernetes/schema.ts';
import type { WorkloadSpec } from '../runtime.ts';
import { createIdentity } from './identity.ts';
import { gatewayLabels, jobOf, networkPolicyOf, orchestratorLabels, secretOf, serviceOf } from './objects.ts';
import { podSpec } from './pod.ts';

const spec: WorkloadSpec = {
  instanceId: '019ab-c_d.e',
  workspaceId: 'ws_1',
  image: { name: 'registry.example.com/mcpnest/github', digest: `sha256:${'a'.repeat(64)}` },
  cpus: 0.25,
  memoryBytes: 268_435_456,
  pids: 128,
  scratch: [
    { path: '/tmp', bytes: 67_108_864 },
    { path: '/data', bytes: 1024 },
  ],
  egress: [],
  forwards: [],
  settings: { MCP_BRIDGE_SESSIONS: 'per-session' },
  hash: 'e'.repeat(64),
};
const identity = createIdentity('install-1');
const options = { runtimeClass: 'gvisor', userNamespaces: true };
const owner = { apiVersion: 'batch/v1', kind: 'Job', name: identity.instanceName(spec.instanceId), uid: 'u-1' };
const job = jobOf(spec, identity, options);
const secret = secretOf(spec, { command: ['node', 'x'], env: { K: 'v' }, token: 't' }, identity, owner);
const policy = networkPolicyOf(spec.workspaceId, identity, 'mcpnest');

describe('the objects of a workload', () => {
  it.each([
    ['Job', job],
    ['Secret', secret],
    ['Service', serviceOf(spec, identity, owner)],
    ['NetworkPolicy', policy],
  ])('%s is one by the published types of Kubernetes, without an unknown field', (kind, object) => {
    expect(object.kind).toBe(kind);
    expect(schemaProblems(object)).toEqual([]);
    expect(schemaProblems({ ...object, surplus: 1 })).toEqual(['.surplus: is not a field']);
  });

  it('[ORC-04] [BRG-09] a pod meets the profile restricted of the Pod Security Standards', () => {
    expect(restrictedViolations(podSpec(spec, 'secret', options))).toEqual([]);
    expect(restrictedViolations({ ...podSpec(spec, 'secret', options), securityContext: {} })).toEqual([
      'bridge: running as non-root',
      'bridge: seccomp',
    ]);
  });

  it('[ORC-04] [ORC-05] every field of a pod that confines it', () => {
    expect(podSpec(spec, 'the-secret', options)).toEqual({
      restartPolicy: 'Never',
      runtimeClassName: 'gvisor',
      hostUsers: false,
      hostNetwork: false,
      hostPID: false,
      hostIPC: false,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['127.0.0.1'] },
      terminationGracePeriodSeconds: 10,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10_001,
        runAsGroup: 10_001,
        fsGroup: 10_001,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        expect.objectContaining({
          image: `registry.example.com/mcpnest/github@sha256:${'a'.repeat(64)}`,
          resources: {
            limits: { cpu: '250m', memory: '268435456' },
            requests: { cpu: '250m', memory: '268435456' },
          },
          securityContext: {
            allowPrivilegeEscalation: false,
            privileged: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          env: [
            { name: 'MCP_BRIDGE_SESSIONS', value: 'per-session' },
            { name: 'MCP_BRIDGE_HOST', value: '0.0.0.0' },
            { name: 'MCP_BRIDGE_PORT', value: '8080' },
            { name: 'MCP_BRIDGE_SECRETS', value: '/run/mcpnest/secrets.json' },
          ],
          volumeMounts: [
            { name: 'secrets', mountPath: '/run/mcpnest', readOnly: true },
            { name: 'scratch-0', mountPath: '/tmp' },
            { name: 'scratch-1', mountPath: '/data' },
          ],
        }),
      ],
      volumes: [
        {
          name: 'secrets',
          secret: {
            secretName: 'the-secret',
            defaultMode: 0o440,
            items: [{ key: 'secrets.json', path: 'secrets.json' }],
          },
        },
        { name: 'scratch-0', emptyDir: { medium: 'Memory', sizeLimit: '67108864' } },
        { name: 'scratch-1', emptyDir: { medium: 'Memory', sizeLimit: '1024' } },
      ],
    });
  });

  it('[ORC-10] is run once: only the orchestrator starts it again', () => {
    expect(job).toMatchObject({ spec: { suspend: true, backoffLimit: 0, parallelism: 1, completions: 1 } });
  });

  it('[ORC-04] lets gateway and orchestrator in to the bridge and nothing out, not even to a resolver', () => {
    expect(policy).toMatchObject({
      spec: {
        podSelector: { matchLabels: identity.workspaceLabels('ws_1') },
        policyTypes: ['Ingress', 'Egress'],
        egress: [],
        ingress: [
          {
            from: [gatewayLabels, orchestratorLabels].map((matchLabels) => ({
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'mcpnest' } },
              podSelector: { matchLabels },
            })),
            ports: [{ protocol: 'TCP', port: 8080 }],
          },
        ],
      },
    });
  });

  it('gives two installations, and an instance and a workspace of one id, different names', () => {
    const other = createIdentity('install-2');
    expect(other.instanceName('x')).not.toBe(identity.instanceName('x'));
    expect(identity.workspaceName('x').slice(-20)).not.toBe(identity.instanceName('x').slice(-20));
    expect(identity.instanceName('x'.repeat(500))).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
    expect(() => identity.selector({ instanceId: 'a,b!=c' })).toThrow(/label/);
  });
});
