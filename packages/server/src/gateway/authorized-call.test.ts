import { expect, it } from 'vitest';
import type { Decision } from '../domain/policy.ts';
import { defaultServerLimits, defaultWorkspaceSettings, type SnapshotServer } from '../domain/snapshot.ts';
import { authorize } from './authorized-call.ts';

const server: SnapshotServer = {
  id: 's',
  slug: 's',
  name: 's',
  url: 'https://x.example',
  prefix: null,
  revision: 1,
  credential: null,
  limits: defaultServerLimits,
};
const grant = {
  principal: {
    workspaceId: 'w',
    tokenId: 't',
    kind: 'workspace',
    memberId: null,
    machineId: null,
    teams: [],
    label: '',
    scope: null,
  },
  held: {
    snapshot: {
      format: 1,
      version: 1,
      workspace: { id: 'w', slug: 'w', name: 'w' },
      settings: defaultWorkspaceSettings,
      servers: [server],
      disabledServerIds: [],
      tokens: [],
      networkAllow: [],
    },
    serversBySlug: new Map([['s', server]]),
    serversById: new Map([['s', server]]),
    policyDigest: '',
    confirmed: { at: 0 },
  },
  target: {
    server,
    name: 'x',
    definition: {
      name: 'x',
      hash: 'h',
      before: '',
      after: '',
      declared: new Map(),
      paramHeaders: [],
      template: undefined,
      hasUi: false,
    },
  },
  receipt: { node: 'n', epoch: 1, seq: 1, gap: false },
} as const;
const allowed: Extract<Decision, { effect: 'allow' }> = { effect: 'allow', rule: 'workspace-token', wouldDeny: null };
const approval = { target: 'x', approvers: [], expiresInMinutes: 60 };

it('[NEW-04] a call that needs approval cannot be authorised without one, and no call is sent twice', () => {
  expect(() => authorize({ ...grant, decision: { ...allowed, approval }, approval: undefined })).toThrow(
    /not been approved/,
  );
  for (const call of [
    authorize({ ...grant, decision: allowed, approval: undefined }),
    authorize({ ...grant, decision: { ...allowed, approval }, approval: { id: 'a', sends: 1 } }),
  ]) {
    call.spend();
    expect(() => call.spend()).toThrow(/already/);
  }
});
