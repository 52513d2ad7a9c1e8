import { splitTarget } from '@mcpnest/contract/schemas/network';
import type { SinkCreate } from '@mcpnest/contract/schemas/sinks';
import type { Kysely, Selectable } from 'kysely';
import { alreadyExists, conflict, notFound } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { Secret } from '../../domain/secret.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { noMarks } from '../../platform/handover/marks.ts';
import { marksAtEnd } from '../../platform/handover/walk.ts';
import { secretContext, targetOf, type SinkConfig } from '../../platform/sinks/config.ts';
import { parcelOf } from '../../platform/sinks/parcel.ts';
import type { SendOutcome, SendParcel } from '../../platform/sinks/send.ts';
import { newWebhookSecret } from '../../platform/standard-webhook.ts';
import type { Vault } from '../../platform/vault/vault.ts';
import type { Change } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';

export type SinkRow = Selectable<Schema['sinks']>;

/** Each costs a look at the database every second. */
const mostSinks = 10;

/**
 * Send records somewhere from now on.
 * @param workspace null: of the whole instance
 * @returns its row and, of an http sink, the secret its receiver checks signatures with; it cannot be had again
 * @throws AppError `already_exists`, or `conflict` when there are too many
 */
export async function createSink(
  change: Change,
  vault: Vault,
  workspace: WorkspaceRef | null,
  body: SinkCreate,
): Promise<{ row: SinkRow; secret: string | null }> {
  const others = await listSinks(change.tx, workspace);
  if (others.some((other) => other.name === body.name)) throw alreadyExists('sink', body.name);
  if (others.length >= mostSinks) throw conflict(`There are ${mostSinks} sinks already. Remove one first.`);
  const id = newId(change.now);
  const plain = secretsOf(body);
  const sealed = Object.entries(plain).map(([name, value]) => [name, vault.seal(value, secretContext(id, name))]);
  const row: SinkRow = {
    id,
    workspace_id: workspace?.id ?? null,
    name: body.name,
    kind: body.kind,
    include: body.include,
    config: JSON.stringify(configOf(body)),
    secrets: JSON.stringify(Object.fromEntries(sealed)),
    paused_at: null,
    created_at: change.at,
    created_by: change.actorName,
  };
  const scope = { workspaceId: row.workspace_id };
  const marks = body.from === 'now' ? await marksAtEnd(change.tx, scope, change.now) : noMarks;
  await change.tx.insertInto('sinks').values(row).execute();
  await change.tx
    .insertInto('sink_states')
    .values({
      sink_id: id,
      marks: JSON.stringify(marks),
      ...{ holder: null, held_until: null, last_success_at: null },
      ...{ last_error: null, last_error_at: null, next_attempt_at: null },
    })
    .execute();
  await record(change, row, { include: body.include, from: body.from, ...configOf(body) });
  return { row, secret: plain.webhook?.reveal() ?? null };
}

/** Sinks of a workspace, or with null of the instance, by name. */
export function listSinks(db: Kysely<Schema>, workspace: WorkspaceRef | null): Promise<SinkRow[]> {
  const all = db.selectFrom('sinks').selectAll();
  const own = workspace === null ? all.where('workspace_id', 'is', null) : all.where('workspace_id', '=', workspace.id);
  return own.orderBy('name').execute();
}

/** @throws AppError `not_found` also for a sink of somebody else */
export async function findSink(db: Kysely<Schema>, workspace: WorkspaceRef | null, id: string): Promise<SinkRow> {
  const row = (await listSinks(db, workspace)).find((candidate) => candidate.id === id);
  if (row === undefined) throw notFound('sink', id);
  return row;
}

/** Send nothing for now; what comes meanwhile waits. @throws AppError `not_found`, or `conflict` when it is paused */
export async function pauseSink(change: Change, workspace: WorkspaceRef | null, id: string): Promise<SinkRow> {
  const row = await findSink(change.tx, workspace, id);
  if (row.paused_at !== null) throw conflict(`The sink '${row.name}' is paused already.`);
  return setPaused(change, row, change.at);
}

/** Go on, at once also where it waits after failures. @throws AppError `not_found` */
export async function resumeSink(change: Change, workspace: WorkspaceRef | null, id: string): Promise<SinkRow> {
  const row = await findSink(change.tx, workspace, id);
  await change.tx.updateTable('sink_states').set({ next_attempt_at: null }).where('sink_id', '=', id).execute();
  return setPaused(change, row, null);
}

async function setPaused(change: Change, row: SinkRow, paused_at: string | null): Promise<SinkRow> {
  await change.tx.updateTable('sinks').set({ paused_at }).where('id', '=', row.id).execute();
  await record(change, row);
  return { ...row, paused_at };
}

/** Stop sending and forget its secrets. @throws AppError `not_found` */
export async function removeSink(change: Change, workspace: WorkspaceRef | null, id: string): Promise<void> {
  const row = await findSink(change.tx, workspace, id);
  await change.tx.deleteFrom('sink_states').where('sink_id', '=', id).execute();
  await change.tx.deleteFrom('sinks').where('id', '=', id).execute();
  await record(change, row);
}

/** Send one record that says it is a test; where the sink stands does not move. @throws AppError `not_found` */
export async function testSink(
  change: Change,
  sendParcel: SendParcel,
  workspace: WorkspaceRef | null,
  id: string,
): Promise<() => Promise<SendOutcome>> {
  const row = await findSink(change.tx, workspace, id);
  await record(change, row);
  const target = targetOf(row);
  const parcel = parcelOf(target.config, [
    {
      kind: 'event',
      eventId: `test/${newId(change.now)}`,
      id: newId(change.now),
      createdAt: change.at,
      workspaceId: row.workspace_id,
      actor: change.actorName,
      action: 'sinks.test',
      target: `sink:${row.name}`,
      detail: {},
      ...{ commitment: null, node: null, epoch: null, seq: null },
    },
  ]);
  return () => sendParcel(target, parcel);
}

const record = (change: Change, row: SinkRow, detail: Readonly<Record<string, unknown>> = {}): Promise<void> =>
  change.record({ workspaceId: row.workspace_id, target: `sink:${row.name}`, detail, publish: 'nothing' });

function secretsOf(body: SinkCreate): Readonly<Record<string, Secret>> {
  if (body.kind === 's3') return { s3: new Secret(body.secretAccessKey) };
  if (body.kind === 'syslog') return {};
  const headers = Object.entries(body.headers ?? {}).map(
    ([name, value]) => [`header/${name.toLowerCase()}`, new Secret(value)] as const,
  );
  return { ...Object.fromEntries(headers), ...(body.kind === 'http' ? { webhook: newWebhookSecret() } : {}) };
}

function configOf(body: SinkCreate): SinkConfig {
  switch (body.kind) {
    case 'http':
      return { kind: 'http', url: body.url, format: body.format, headerNames: namesOf(body.headers) };
    case 'otlp':
      return { kind: 'otlp', url: body.url, headerNames: namesOf(body.headers) };
    case 'syslog': {
      const { tls, format, facility } = body;
      // The schema has refused what cannot be split.
      return { kind: 'syslog', ...splitTarget(body.target)!, tls, format, facility };
    }
    case 's3': {
      const { endpoint, region, bucket, prefix, format, accessKeyId, everySeconds } = body;
      return { kind: 's3', endpoint, region, bucket, prefix, format, accessKeyId, everySeconds };
    }
  }
}

const namesOf = (headers: Readonly<Record<string, string>> | undefined): string[] =>
  Object.keys(headers ?? {}).map((name) => name.toLowerCase());
