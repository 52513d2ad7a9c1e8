import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isStreamed, type Operation } from '@mcpnest/contract/operation';
import { createClient } from '@mcpnest/contract/client';
import type { ApiError, Client } from '@mcpnest/contract/client';
import type { Role } from '@mcpnest/contract/operation';
import type { HostingPlan } from '../domain/hosted/hosting.ts';
import type { Actor } from '../domain/roles.ts';
import { Secret } from '../domain/secret.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { createMemoryBus } from '../platform/bus/memory.ts';
import { systemClock } from '../platform/clock.ts';
import { createDeliver } from '../platform/deliver.ts';
import { createDialer } from '../platform/dialer.ts';
import { createLog } from '../platform/log.ts';
import { openProofAccess, type ProofAccess } from '../platform/proof/access.ts';
import { createSendCheckpoint } from '../platform/proof/send-checkpoint.ts';
import { createSendLines } from '../platform/send-lines.ts';
import { createSendParcel } from '../platform/sinks/send.ts';
import { migrate } from '../platform/database/migrate.ts';
import type { OpenDatabase } from '../platform/database/database.ts';
import { openSqlite } from '../platform/database/sqlite.ts';
import { createLocalVault } from '../platform/vault/local-key.ts';
import type { Vault } from '../platform/vault/vault.ts';
import { createControl } from './app.ts';
import type { Control } from './app.ts';
import { bootstrap } from './bootstrap.ts';
import type { Hosting } from './hosted/hosting.ts';
import { digestOf, ownEntry, testEntry } from '../domain/hosted/entries.contract.ts';
import { selectOpenedEntries } from './network/network.ts';
import type { CourierDeps } from './webhooks/courier.ts';

/** The real control plane on SQLite in memory, set up with an owner (ada) and the workspace acme. */
export interface Kit extends AsyncDisposable {
  readonly control: Control;
  readonly database: OpenDatabase;
  readonly vault: Vault;
  /** What a courier is made of. */
  readonly courier: CourierDeps;
  /** A folder of its own; nothing seals records there unless the test does. */
  readonly dataDir: string;
  readonly proof: ProofAccess;
  /** Keys by who holds them. */
  readonly ownerKey: string;
  readonly workspaceToken: string;
  /** Client of the instance owner. */
  readonly owner: Client;
  /** Client of the operator at the data folder. */
  readonly local: Client;
  clientOf(apiKey: string): Client;
  /** A raw request; `key` null sends no credential. Every request comes from an address of its own. */
  send(method: string, path: string, options?: SendOptions): Promise<Response>;
  /** Switch hosting on in acme and allow an image of each entry of the catalogue. */
  allowHosting(plan?: HostingPlan): Promise<void>;
  /** Add a member with this role to a workspace and issue a workspace key of that role. */
  memberKey(workspace: string, email: string, role: Role): Promise<string>;
  /** Sign a person in to the console; they get a password by a reset link where they have none of this kit. */
  signIn(email: string): Promise<SignedIn>;
  snapshot(workspace: string): Promise<Snapshot>;
  /** Workspace ids nudged so far, once the bus has delivered. */
  nudges(): Promise<readonly string[]>;
  /** Move the clock. */
  advance(milliseconds: number): void;
}

/** A browser in which somebody is signed in. */
export interface SignedIn {
  /** `name=value`. */
  readonly cookie: string;
  readonly csrf: string;
  /** What the console sends with everything. */
  readonly headers: Record<string, string>;
  readonly client: Client;
}

/** The session an answer begins. */
export function readSignedIn(response: Response, csrf: string): Pick<SignedIn, 'cookie' | 'csrf' | 'headers'> {
  const cookie = response.headers.getSetCookie()[0]!.split(';', 1)[0]!;
  return { cookie, csrf, headers: { cookie, 'x-csrf-token': csrf, 'sec-fetch-site': 'same-origin' } };
}

export interface SendOptions {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly remoteAddress?: string;
}

export const publicUrl = 'http://127.0.0.1:8420';

/**
 * @param database an empty one to work on; it is closed with the kit
 * @param allowedHosts names of the server besides the public one
 * @param hosting what can be hosted, and where
 */
export async function startKit(
  database: OpenDatabase = openSqlite(':memory:'),
  allowedHosts: readonly string[] = [],
  hosting: Hosting = { catalogue: [testEntry, ownEntry], runtime: 'docker' },
): Promise<Kit> {
  let now = Date.UTC(2026, 10, 21, 12);
  const clock = { now: () => now, monotonic: () => now };
  await migrate(database, clock);
  const bus = createMemoryBus();
  const nudges: string[] = [];
  bus.subscribe('snapshot.changed', (id) => void nudges.push(id));
  const vault = createLocalVault(new Secret('0123456789abcdef'.repeat(4)));
  const log = createLog('silent');
  const dialer = createDialer();
  const allow = () => selectOpenedEntries(database.db);
  const deliver = createDeliver({ dialer, clock: systemClock, allow });
  const dataDir = mkdtempSync(join(tmpdir(), 'mcpnest-kit-'));
  const sealingKey = vault.deriveKey('proof');
  const proof = openProofAccess({ dataDir, sealingKey, nodeId: 'node-1', now: () => now });
  const control = createControl({
    hosting,
    proof,
    sendCheckpoint: createSendCheckpoint({ deliver, clock }),
    database,
    bus,
    vault,
    clock,
    log,
    deliver,
    sendParcel: createSendParcel({ vault, clock, deliver, sendLines: createSendLines({ dialer, allow }) }),
    publicUrl: () => publicUrl,
    allowedHosts,
  });
  const first = await bootstrap({ database, bus, clock }, { email: 'ada@example.com', workspace: 'acme' });
  let address = 0;
  const send: Kit['send'] = (method, path, { key = first.apiKey, body, headers = {}, remoteAddress } = {}) => {
    const all = new Headers(headers);
    if (key !== null) all.set('authorization', `Bearer ${key}`);
    if (body !== undefined && !all.has('content-type')) all.set('content-type', 'application/json');
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    return control.fetch(new Request(publicUrl + path, { method, headers: all, body: text }), {
      remoteAddress: remoteAddress ?? `10.0.0.${address++}`,
    });
  };
  const clientAs = (apiKey: string | undefined, actor?: Actor): Client =>
    createClient({
      baseUrl: publicUrl,
      apiKey,
      fetch: (request) => control.fetch(request, actor === undefined ? {} : { actor }),
    });
  const owner = clientAs(first.apiKey);
  return {
    control,
    database,
    vault,
    courier: { db: database.db, bus, clock, vault, log, deliver, publicUrl: () => publicUrl },
    dataDir,
    proof,
    ownerKey: first.apiKey,
    workspaceToken: first.workspaceToken,
    owner,
    local: clientAs(undefined, { kind: 'local' }),
    clientOf: (apiKey) => clientAs(apiKey),
    send,
    allowHosting: async (plan = 'team') => {
      const settings = { hosting: { orchestratorEnabled: true, plan } };
      await owner.workspaces.update({ params: { workspace: 'acme' }, body: { settings } });
      for (const { image } of hosting.catalogue)
        await owner.hostedImages.allow({ body: { image, digest: digestOf('a') } });
    },
    memberKey: async (workspace, email, role) => {
      await owner.members.add({ params: { workspace }, body: { email, role } });
      return (await owner.apiKeys.issue({ params: { workspace }, body: { email, role, label: email } })).secret;
    },
    signIn: async (email) => {
      const { link } = await owner.people.resetLink({ params: { email } });
      const body = { key: link.split('#k=')[1]!, password: `the password of ${email}` };
      const response = await send('POST', '/api/v1/password-reset', { key: null, body });
      const { csrfToken } = (await response.json()) as { csrfToken: string };
      const signedIn = readSignedIn(response, csrfToken);
      const client = createClient({
        baseUrl: publicUrl,
        fetch: (request) => {
          for (const [name, value] of Object.entries(signedIn.headers)) request.headers.set(name, value);
          return control.fetch(request, { remoteAddress: `10.1.0.${address++}` });
        },
      });
      return { ...signedIn, client };
    },
    snapshot: async (workspace) => {
      const row = await database.db
        .selectFrom('workspace_snapshots')
        .innerJoin('gateway_workspaces', 'gateway_workspaces.id', 'workspace_snapshots.workspace_id')
        .select('body')
        .where('slug', '=', workspace)
        .executeTakeFirstOrThrow();
      return JSON.parse(row.body) as Snapshot;
    },
    nudges: async () => {
      await nextTurn();
      return [...nudges];
    },
    advance: (milliseconds) => void (now += milliseconds),
    [Symbol.asyncDispose]: async () => {
      rmSync(dataDir, { recursive: true });
      await bus[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Whether an answer tells what is to come, and does not end by itself. */
export const isLive = (response: Operation['response']): boolean =>
  isStreamed(response) && response.media.includes('text/event-stream');

/** The error a client call ended with, for `expect(await failure(…)).toMatchObject({ code })`. */
export async function failure(call: Promise<unknown>): Promise<ApiError['problem']> {
  const outcome = await call.then(
    () => undefined,
    (error: unknown) => (error as Partial<ApiError>).problem,
  );
  if (outcome === undefined) throw new Error('expected the call to be refused, but it was not');
  return outcome;
}
