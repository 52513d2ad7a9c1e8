import { createHash } from 'node:crypto';
import type { ByteStream } from '@mcpnest/contract/operation';
import type { evidenceQuery } from '@mcpnest/contract/schemas/handover';
import type { Kysely } from 'kysely';
import type { z } from 'zod';
import { invalidInput } from '../../domain/errors.ts';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { csvLine } from '../../platform/handover/csv.ts';
import type { Verification } from '../../platform/journal/verify.ts';
import { version } from '../../platform/version.ts';
import { zipped, type ZipFile } from '../../platform/zip.ts';
import type { Changer } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';
import { allowedAt } from './evidence-access.ts';
import { controls } from './evidence-controls.ts';
import { indexPage, type PackIndex } from './evidence-page.ts';
import { retentionNow, sinksNow, type JsonFile } from './evidence-settings.ts';
import {
  approvalsIn,
  callsByNode,
  changesIn,
  failedLogins,
  joinedAndLeft,
  keysAt,
  machinesAt,
  membersAt,
  outcomesIn,
  rulesNow,
  serversNow,
  tokensAt,
  type PackScope,
  type Table,
} from './evidence-tables.ts';

export interface EvidenceDeps {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
  readonly change: Changer;
  /** Check the journal of this node; undefined where there is none at hand. */
  readonly verifyJournal: (() => Promise<Verification>) | undefined;
  /** Whether whoever asks may also see what is of no workspace: log-ins that failed. */
  readonly ofInstance: boolean;
}

/** Files by name, in their order. */
type PackFiles = Readonly<Record<string, Table | JsonFile>>;

const dayMs = 86_400_000;
const usualDays = 30;

/**
 * The evidence pack of a period: a ZIP of tables, an index that says which question each answers, and the digests of
 * all of it. The same period and the same records give the same bytes.
 * @throws AppError `invalid_input` when the period is not one
 */
export async function evidencePack(
  { db, clock, change, verifyJournal, ofInstance }: EvidenceDeps,
  workspace: WorkspaceRef,
  query: z.output<typeof evidenceQuery>,
): Promise<ByteStream> {
  const now = clock.now();
  const to = query.to === undefined ? Math.floor(now / dayMs) * dayMs : Date.parse(query.to);
  const from = query.from === undefined ? to - usualDays * dayMs : Date.parse(query.from);
  if (from >= to || to > now) {
    throw invalidInput('The period must begin before it ends, and have ended.', [
      { path: 'query.to', message: 'must be after query.from and not in the future' },
    ]);
  }
  const scope: PackScope = { db, workspaceId: workspace.id, from: isoTime(from), to: isoTime(to) };
  const period = { from: scope.from, to: scope.to };
  await change((made) =>
    made.record({
      workspaceId: workspace.id,
      target: `workspace:${workspace.slug}`,
      detail: period,
      publish: 'nothing',
    }),
  );
  const files: PackFiles = {
    'access/allowed-at-start.csv': allowedAt(scope, clock, workspace, scope.from),
    'access/allowed-at-end.csv': allowedAt(scope, clock, workspace, scope.to),
    ...packFiles(scope, isoTime(now), verifyJournal, ofInstance),
  };
  const index = { product: 'MCPNest', version, workspace: { id: workspace.id, slug: workspace.slug }, period };
  const name = `evidence-${workspace.slug}-${scope.from.slice(0, 10)}-${scope.to.slice(0, 10)}.zip`;
  return {
    contentType: 'application/zip',
    headers: { 'content-disposition': `attachment; filename="${name}"` },
    body: ReadableStream.from(zipped(withIndex(files, { ...index, controls }), to)),
  };
}

function packFiles(
  scope: PackScope,
  now: string,
  verifyJournal: EvidenceDeps['verifyJournal'],
  ofInstance: boolean,
): PackFiles {
  const moments = { 'at-start': scope.from, 'at-end': scope.to, now };
  const lists = { members: membersAt, tokens: tokensAt, keys: keysAt, machines: machinesAt };
  const access = Object.entries(lists).flatMap(([what, listAt]) =>
    Object.entries(moments).map(([when, at]) => [`access/${what}-${when}.csv`, listAt(scope, at)] as const),
  );
  return {
    ...Object.fromEntries(access),
    'access/rules-now.csv': rulesNow(scope),
    'access/servers-now.csv': serversNow(scope),
    'people/joined-and-left.csv': joinedAndLeft(scope),
    'changes/changes.csv': changesIn(scope, () => true),
    'changes/policy.csv': changesIn(scope, ({ action }) => policyNouns.test(action)),
    'changes/refused.csv': changesIn(scope, ({ target }) => target === 'refused'),
    'changes/failed-logins.csv': failedLogins(scope, ofInstance),
    'approvals/approvals.csv': approvalsIn(scope),
    'completeness/calls-by-node.csv': callsByNode(scope),
    'completeness/outcomes.csv': outcomesIn(scope),
    'completeness/journal.json': () => journalNow(verifyJournal),
    'settings/retention.json': () => retentionNow(scope),
    'settings/sinks.json': () => sinksNow(scope),
  };
}

/** Nouns whose changes change who may do what. */
const policyNouns =
  /^(?:rules|allowlists|policy|access|accessRequests|approvalSettings|reviews|serverTools|servers|manifests|stops|drills|teams|workspaces|network)\./;

/** How the journal stands: how many records it has by now is no part of the answer, it grows while one asks. */
async function journalNow(verify: EvidenceDeps['verifyJournal']): Promise<object> {
  if (verify === undefined) return { checked: false };
  const { lost, repairedBytes, firstBad } = await verify();
  return { checked: true, whole: firstBad === undefined, lost, repairedBytes, firstBad: firstBad ?? null };
}

/** The files, then what tells of them: the index for programs and for people, and last the digests. */
async function* withIndex(files: PackFiles, about: Omit<PackIndex, 'files'>): AsyncGenerator<ZipFile> {
  const listed: { name: string; bytes: number; sha256: string }[] = [];
  async function* told(name: string, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const digest = createHash('sha256');
    let bytes = 0;
    for await (const part of content) {
      digest.update(part);
      bytes += part.length;
      yield part;
    }
    listed.push({ name, bytes, sha256: digest.digest('hex') });
  }
  for (const [name, file] of Object.entries(files)) yield { name, content: told(name, bytesOf(file)) };
  const index: PackIndex = { ...about, files: [...listed] };
  const pages = { 'index.json': `${JSON.stringify(index, null, 2)}\n`, 'index.html': indexPage(index) };
  for (const [name, text] of Object.entries(pages)) yield { name, content: told(name, once(text)) };
  const sums = listed.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('');
  yield { name: 'SHA256SUMS', content: once(sums) };
}

async function* bytesOf(file: Table | JsonFile): AsyncGenerator<Buffer> {
  if (typeof file === 'function') yield Buffer.from(`${JSON.stringify(await file(), null, 2)}\n`);
  else for await (const line of file) yield Buffer.from(csvLine(line));
}

async function* once(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
