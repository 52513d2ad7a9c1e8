import { z } from 'zod';
import { id, name, note, time } from './common.ts';

const days = z.int().min(30).max(2555);

export const retentionSet = z.strictObject({
  days: days.describe('Days a call stays on record: 30 to 2555, which is seven years of 365 days.'),
});

export const retention = z.object({
  days: days.describe('What is set.'),
  daysInForce: z.int().describe('What counts at the moment: the longer term while a shortening has its grace.'),
  eventDays: z.int().describe('Days an audit event stays: as long as calls, and at least 365.'),
  shortening: z
    .object({
      effectiveAt: time.describe('From then on what is older goes. Until then a longer term undoes it.'),
      calls: z.int().describe('Calls that would go if it took effect now, held ones aside.'),
      ofDays: z.int().describe('Days of data these calls are of.'),
      requestedBy: z.string(),
    })
    .nullable()
    .describe('The shortening that takes effect next; null: none waits.'),
  holds: z.int().describe('Legal holds that keep records at the moment, requests that wait included.'),
  lastRun: z
    .object({
      on: z.string().describe('Day (UTC).'),
      calls: z.int().describe('Deleted.'),
      events: z.int().describe('Deleted.'),
      others: z
        .int()
        .describe(
          'Deleted approvals, access requests, invitations, drills, policies of then and keys of argument digests.',
        ),
      held: z.int().describe('Calls past their term that holds kept.'),
      holds: z.array(id).describe('Which holds these were.'),
    })
    .nullable()
    .describe('When records of this workspace were last looked through; null: not yet.'),
  clocks: z
    .array(
      z.object({
        node: z.string(),
        checkedAt: time,
        driftMs: z
          .number()
          .describe('How far the wall clock was moved since the process began, as far as it can tell.'),
        withheld: z.string().nullable().describe('Why nothing is deleted by this clock; null: no reason against it.'),
      }),
    )
    .describe('What each node found when it last asked its clock; once an hour.'),
});
export type Retention = z.output<typeof retention>;

/** `workspace`, `member:…`, `machine:…`, `server:…`. */
export const holdScope = z
  .string()
  .max(300)
  .regex(/^(?:workspace|(?:member|machine|server):.*\S)$/, 'must be workspace, member:…, machine:… or server:…')
  .describe(
    '`workspace`, `member:<email or id>`, `machine:<name or id>` or `server:<slug or id>`; what has been removed is named by its id.',
  );

export const holdStates = ['requested', 'in force', 'release requested', 'released', 'lapsed'] as const;

export const hold = z.object({
  id,
  name: z.string(),
  reason: z.string(),
  scope: z.string().describe('`workspace`, or a kind and an id.'),
  from: time.nullable().describe('Records from then on; null: from the first.'),
  to: time.nullable().describe('Records before then; null: without an end.'),
  state: z
    .enum(holdStates)
    .describe(
      'requested: waits for the second person and holds already, for seven days. lapsed: nobody confirmed it in time. release requested: holds until a second person confirms the release.',
    ),
  keeps: z.boolean().describe('Whether it keeps records at the moment.'),
  requestedAt: time,
  requestedBy: z.string(),
  confirmedAt: time.nullable(),
  confirmedBy: z.string().nullable(),
  releaseRequestedAt: time.nullable(),
  releaseRequestedBy: z.string().nullable(),
  releaseReason: z.string().nullable(),
  releasedAt: time.nullable(),
  releasedBy: z.string().nullable(),
  singlePerson: z
    .boolean()
    .describe('One of the two was the operator at the data folder, because there was no second administrator.'),
});
export type Hold = z.output<typeof hold>;

export const holdList = z.object({ items: z.array(hold) });

export const holdRequest = z
  .strictObject({
    name: name.describe('What people call it, as the number of a case.'),
    reason: note.min(1, 'must say why'),
    scope: holdScope.default('workspace'),
    from: time.optional().describe('Records from then on; from the first when left out.'),
    to: time.optional().describe('Records before then; without an end when left out.'),
  })
  .refine((body) => body.from === undefined || body.to === undefined || Date.parse(body.from) < Date.parse(body.to), {
    path: ['to'],
    message: 'must be after from',
  });

export const holdRelease = z.strictObject({ reason: note.min(1, 'must say why') });
