import type { ByteStream } from '@mcpnest/contract/operation';
import { cursorHeader, type exportQuery } from '@mcpnest/contract/schemas/handover';
import type { Kysely } from 'kysely';
import type { z } from 'zod';
import { invalidInput } from '../../domain/errors.ts';
import { isoTime, type Clock } from '../../platform/clock.ts';
import type { Schema } from '../../platform/database/schema.ts';
import { formats, type Format } from '../../platform/handover/format.ts';
import { noMarks, readMarks, writeMarks, type Marks } from '../../platform/handover/marks.ts';
import type { HandoverRecord } from '../../platform/handover/record.ts';
import { marksAtEnd, pagesBetween, type Walk } from '../../platform/handover/walk.ts';
import type { Changer } from '../change.ts';
import type { WorkspaceRef } from '../operation.ts';

export type ExportQuery = z.output<typeof exportQuery>;

interface ExportDeps {
  readonly db: Kysely<Schema>;
  readonly clock: Clock;
  readonly change: Changer;
}

/**
 * Records as they are now, in a format of somebody else's, page by page as they are taken. That somebody took them is
 * a change of its own, written before the first of them leaves.
 * @param workspace null: of the whole instance
 * @throws AppError `invalid_input` for a cursor no export gave out
 */
export async function exportRecords(
  { db, clock, change }: ExportDeps,
  workspace: WorkspaceRef | null,
  { format, include, from, to, after, compress }: ExportQuery,
): Promise<ByteStream> {
  const since = after === undefined ? noMarks : readMarks(after);
  if (since === undefined) {
    throw invalidInput('The cursor is not one an export gave out. Start again without it.', [
      { path: 'query.after', message: `must be the ${cursorHeader} of an earlier export` },
    ]);
  }
  const scope = { workspaceId: workspace?.id ?? null };
  const end = await marksAtEnd(db, scope, clock.now());
  const walk: Walk = {
    scope,
    kinds: kindsOf[include],
    after: since,
    upTo: end,
    from: normal(from),
    to: normal(to),
  };
  await change((made) =>
    made.record({
      workspaceId: scope.workspaceId,
      target: workspace === null ? 'instance' : `workspace:${workspace.slug}`,
      detail: { format, include, from: from ?? null, to: to ?? null, resumed: after !== undefined },
      publish: 'nothing',
    }),
  );
  const written = formats[format];
  const packed = compress === 'gzip';
  const name = `mcpnest-${workspace?.slug ?? 'instance'}.${written.extension}${packed ? '.gz' : ''}`;
  return {
    contentType: packed ? 'application/gzip' : written.media,
    headers: {
      'content-disposition': `attachment; filename="${name}"`,
      [cursorHeader]: writeMarks(furthest(since, end, walk.kinds)),
    },
    body: bytesOf(rendered(db, walk, written), packed),
  };
}

const kindsOf: Readonly<Record<ExportQuery['include'], ReadonlySet<HandoverRecord['kind']>>> = {
  all: new Set(['call', 'event']),
  calls: new Set(['call']),
  events: new Set(['event']),
};

/** What was handed over once stays so, even where all of it has been deleted since; of a kind left out nothing was. */
const furthest = (since: Marks, end: Marks, kinds: Walk['kinds']): Marks => ({
  calls: kinds.has('call') ? { ...since.calls, ...end.calls } : since.calls,
  events: kinds.has('event') ? (end.events ?? since.events) : since.events,
});

async function* rendered(db: Kysely<Schema>, walk: Walk, format: Format): AsyncGenerator<Buffer> {
  if (format.head !== '') yield Buffer.from(format.head);
  for await (const page of pagesBetween(db, walk)) yield Buffer.from(format.render(page));
}

/** What cannot be taken yet is not read; compression is done in other threads. */
function bytesOf(parts: AsyncGenerator<Buffer>, packed: boolean): ByteStream['body'] {
  const plain: ByteStream['body'] = ReadableStream.from(parts);
  return packed ? plain.pipeThrough(new CompressionStream('gzip')) : plain;
}

/** Stored times have milliseconds and compare as text, so a bound must be written the same way. */
const normal = (time: string | undefined): string | undefined =>
  time === undefined ? undefined : isoTime(Date.parse(time));
