import { z } from 'zod';
import { viewerForm } from '../rule-form.ts';
import { mostUrlCharacters, serverUrlProblem } from '../server-form.ts';
import { id, name, note, slug, time, warning } from './common.ts';
import { custodyFields } from './custody.ts';
import { pinning } from './pins.ts';

export const serverPrefix = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,23}$/, 'must be 1–24 characters of a–z, 0–9, _ and -, beginning with a letter')
  .describe('Tools appear as {prefix}_{tool}. Unique within the workspace.');

export const serverUrl = z
  .string()
  .trim()
  .max(mostUrlCharacters)
  .superRefine((text, context) => {
    const reason = serverUrlProblem(text);
    if (reason !== undefined) context.addIssue({ code: 'custom', message: reason });
  })
  .describe('The Streamable HTTP endpoint of the MCP server.');

const perMinute = z.int().min(1).max(10_000_000).nullable();

export const serverLimits = z.strictObject({
  perMinute: perMinute.describe('Calls per minute to this server by everyone together; null = no ceiling.'),
  toolPerMinute: perMinute.describe('Calls per minute to any one tool of this server; null = no ceiling.'),
  principalPerMinute: perMinute.describe(
    'Calls per minute to this server by any one member or machine; null = no ceiling.',
  ),
  principalToolPerMinute: perMinute.describe(
    'Calls per minute of one principal to any one tool of this server; null = no ceiling.',
  ),
  principalConcurrency: z
    .int()
    .min(1)
    .max(10_000)
    .nullable()
    .describe('Calls of one principal in flight to this server at once; null = no ceiling.'),
  concurrency: z.int().min(1).max(10_000).describe('Calls in flight to this server at once.'),
  deadlineMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .describe('Milliseconds a call may take in all; one that reports progress may take progressDeadlineMs.'),
  progressDeadlineMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .describe('Milliseconds a call may take in all that reports progress at least every deadlineMs.'),
  maxResultBytes: z
    .int()
    .min(1024)
    .max(32 * 1024 * 1024)
    .describe('Decoded bytes an answer may have.'),
});

const replayMode = z.enum(['off', 'request-id', 'always']);

export const replayGuard = z.strictObject({
  mode: replayMode.describe(
    'request-id: a tool that writes or destroys gives a repeated call of one client request the first result. always: also where the client names no request. off: never.',
  ),
  windowSeconds: z
    .int()
    .min(1)
    .max(3_600)
    .describe('Seconds from the first call in which the same again counts as a repeat.'),
  tools: z
    .array(z.strictObject({ tool: z.string().min(1).max(200), mode: replayMode }))
    .max(200)
    .describe('Tools that differ, by the server’s own names of them.'),
});

export const serverHealth = z.object({
  state: z
    .string()
    .describe("'unknown' until the gateway has spoken to the server; 'drill' while a failure drill runs."),
  since: time.nullable().describe('Since when it is in this state.'),
  lastErrorClass: z.string().nullable(),
  latencyMs: z.number().nullable().describe('Milliseconds the last exchange took.'),
  checkedAt: time.nullable(),
  pendingReview: z
    .int()
    .describe('Tools of a pinned server that are held back and wait for a decision (reviews.show).'),
});
export type ServerHealth = z.output<typeof serverHealth>;

export const visibility = z
  .array(z.string().max(300).regex(viewerForm, 'must be workspace, team:<slug>, member:<email> or machine:<name>'))
  .min(1, 'must not be empty; ["workspace"] shows it to everybody')
  .max(100)
  .refine((names) => names.length === 1 || !names.includes('workspace'), '`workspace` stands alone')
  .describe(
    'Who may know of it: `["workspace"]`, or teams, members and machines. For everybody else it does not exist; workspace tokens see every server.',
  );

export const server = z.object({
  id,
  slug,
  name: z.string(),
  url: z.string(),
  prefix: z.string().nullable(),
  enabled: z.boolean(),
  position: z.int().describe('Place in the merged tool list, from 1.'),
  revision: z.int().describe('Grows with every change of the configuration.'),
  limits: serverLimits,
  replayGuard,
  visibility: z.array(z.string()).nullable().describe('Who may know of it; null: not for you to see.'),
  owner: z.string().nullable().describe('Slug of the team it belongs to; null: it belongs to the administrators.'),
  ...custodyFields,
  maintainer: z.string().nullable().describe('Who looks after it; null: nobody is named.'),
  pinning,
  credential: z
    .object({ headers: z.array(z.string()) })
    .nullable()
    .describe('Names of the headers sent upstream. Their values are never returned.'),
  health: serverHealth,
  warnings: z.array(warning),
  createdAt: time,
  updatedAt: time,
});
export type Server = z.output<typeof server>;

export const serverList = z.object({ items: z.array(server) });

export const serverCreate = z.strictObject({
  name,
  url: serverUrl,
  slug: slug.optional().describe('Made from the name when left out.'),
  prefix: serverPrefix.nullable().optional(),
  enabled: z.boolean().default(true),
  position: z.int().min(1).max(10_000).optional().describe('Place in the list, from 1; at the end when left out.'),
  limits: serverLimits.partial().optional(),
  replayGuard: replayGuard.partial().optional(),
  visibility: visibility.optional().describe('Everybody in the workspace when left out.'),
  pinning: pinning.optional().describe('on in a strict workspace when left out, off in an open one.'),
  maintainer: custodyFields.maintainer.optional(),
  sensitivity: custodyFields.sensitivity.optional().describe('none when left out.'),
  labels: custodyFields.labels.optional(),
  note: note.optional(),
});

export const serverUpdate = z
  .strictObject({
    name: name.optional(),
    url: serverUrl.optional(),
    prefix: serverPrefix.nullable().optional().describe('null removes the prefix.'),
    enabled: z.boolean().optional(),
    limits: serverLimits.partial().optional(),
    replayGuard: replayGuard.partial().optional(),
    visibility: visibility.optional(),
    pinning: pinning.optional(),
    maintainer: custodyFields.maintainer.nullable().optional().describe('null: nobody.'),
    sensitivity: custodyFields.sensitivity.optional(),
    labels: custodyFields.labels.optional().describe('Takes the place of all it has.'),
    note: note.optional(),
  })
  .refine((body) => Object.keys(body).some((key) => key !== 'note'), 'must change something');

export const serverMove = z.strictObject({ position: z.int().min(1).max(10_000).describe('The new place, from 1.') });

export const serverRollback = z.strictObject({
  revision: z.int().min(1).describe('The revision whose configuration to use again.'),
  note: note.optional(),
});

export const serverRevision = z.object({
  revision: z.int(),
  author: z.string(),
  note: z.string(),
  createdAt: time,
  config: z.object({
    name: z.string(),
    url: z.string(),
    prefix: z.string().nullable(),
    enabled: z.boolean(),
    limits: serverLimits,
    replayGuard,
    credentialHeaders: z.array(z.string()),
  }),
});
export type ServerRevision = z.output<typeof serverRevision>;

export const serverRevisionList = z.object({ items: z.array(serverRevision) });
