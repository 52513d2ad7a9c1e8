import { z } from 'zod';
import { toolClass } from './access.ts';
import { custodyFields } from './custody.ts';
import { id, note, slug, time } from './common.ts';
import { serverUrl, visibility } from './servers.ts';

const perMinute = z.int().min(1).max(10_000_000);

/** `team:a, team:b` as one text or as a list; the list is what counts. */
const viewers = z
  .union([
    z
      .string()
      .max(10_000)
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(visibility),
    visibility,
  ])
  .describe(
    'Who may know of the server: `workspace`, or `team:<slug>`, `member:<email>` and `machine:<name>`, as a list or as one text with commas. The owning team alone when left out.',
  );

const manifestTool = z.strictObject({
  access: toolClass,
  approval: z
    .enum(['required', 'none'])
    .default('none')
    .describe('required: somebody approves each call before it happens.'),
});

/** What a team says of its server; the whole of what is agreed about it. */
export const manifestDocument = z
  .strictObject({
    name: slug.describe('Name of the server in URLs and rules.'),
    owner: slug.describe('Slug of the team the server belongs to.'),
    upstream: serverUrl,
    visibility: viewers.optional(),
    tools: z
      .record(z.string().min(1).max(200), manifestTool)
      .default({})
      .refine((tools) => Object.keys(tools).length <= 500, 'must not name more than 500 tools')
      .describe('By the server’s own name of the tool. A tool that is not named counts as write.'),
    limits: z
      .strictObject({
        per_user_rpm: perMinute.optional().describe('Calls per minute by any one member or machine.'),
        per_tool_rpm: perMinute.optional().describe('Calls per minute to any one tool, by everyone together.'),
      })
      .default({}),
    maintainer: custodyFields.maintainer.optional(),
    sensitivity: custodyFields.sensitivity.optional(),
    labels: custodyFields.labels.optional(),
  })
  .transform((document) => ({ ...document, visibility: document.visibility ?? [`team:${document.owner}`] }));

/** A manifest that has been read: visibility is a list, and what was left out has its default. */
export type ManifestDocument = z.output<typeof manifestDocument>;

/** The same as it is answered. */
const readDocument = z.object({
  name: z.string(),
  owner: z.string(),
  upstream: z.string(),
  visibility: z.array(z.string()),
  tools: z.record(z.string(), z.object({ access: toolClass, approval: z.enum(['required', 'none']) })),
  limits: z.object({ per_user_rpm: z.int().optional(), per_tool_rpm: z.int().optional() }),
  maintainer: z.string().optional(),
  sensitivity: custodyFields.sensitivity.optional(),
  labels: z.array(z.string()).optional(),
});

const plainValue = z.union([z.string(), z.number(), z.array(z.string()), z.null()]);

export const manifestChange = z.object({
  path: z.string().describe('Place in the manifest, e.g. `tools.search.access`.'),
  before: plainValue.describe('Null: not there.'),
  after: plainValue,
});
export type ManifestChange = z.output<typeof manifestChange>;

const obstacle = z.object({ path: z.string(), message: z.string().describe('What is wrong and what to do about it.') });

export const manifestEvidence = z
  .object({
    changes: z.array(manifestChange).describe('What taking effect would change of the server as it is now.'),
    address: z.object({ open: z.boolean(), message: z.string(), remedy: z.string().nullable() }),
    obstacles: z.array(obstacle).describe('What keeps it from taking effect at the moment.'),
    loosens: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .describe('What it would take away of what holds now; a team does not do that without an administrator.'),
    approvals: z.array(z.string()).describe('Tools that ask for an approval of each call.'),
    viewers: z
      .array(z.string())
      .nullable()
      .describe('Email addresses of the members who would see the server; null: not for you to see.'),
  })
  .describe(
    'What can be known before the gateway has spoken to the server; it does so only once a manifest is in effect.',
  );
export type ManifestEvidence = z.output<typeof manifestEvidence>;

const state = z
  .enum(['active', 'waiting', 'refused', 'replaced'])
  .describe('active: in effect. waiting: for an administrator. replaced: a later one took its place.');

export const manifestRevision = z.object({
  revision: z.int(),
  state,
  author: z.string().describe('Email address of who published it.'),
  createdAt: time,
  decidedBy: z.string().nullable().describe('Who let it take effect or refused it.'),
  decidedAt: time.nullable(),
  answer: z.string().nullable().describe('Why it was refused.'),
  document: readDocument,
  changes: z.array(manifestChange).describe('Against the revision before it.'),
});
export type ManifestRevision = z.output<typeof manifestRevision>;

export const manifestRevisionList = z.object({ items: z.array(manifestRevision) });

export const manifest = z.object({
  id,
  name: z.string(),
  owner: z.string(),
  state: state.describe('Of its newest revision.'),
  revision: z.int().describe('The newest.'),
  activeRevision: z.int().nullable().describe('The one in effect; null: none has been yet.'),
  author: z.string(),
  answer: z.string().nullable().describe('Why the newest revision was refused.'),
  document: readDocument.describe('Of the newest revision.'),
  serverUrl: z.string().nullable().describe('Where clients reach this server by itself; null while there is none.'),
  createdAt: time,
  updatedAt: time,
});
export type Manifest = z.output<typeof manifest>;

export const manifestList = z.object({ items: z.array(manifest) });
export const manifestDetail = manifest.extend({ evidence: manifestEvidence.nullable().describe('Of one that waits.') });
export type ManifestDetail = z.output<typeof manifestDetail>;

export const manifestPut = z.object({
  outcome: z.enum(['created', 'updated', 'unchanged', 'waiting']),
  dryRun: z.boolean(),
  evidence: manifestEvidence,
  manifest: manifest.nullable().describe('Null: a dry run of one that does not exist yet.'),
});
export type ManifestPut = z.output<typeof manifestPut>;

export const manifestQuery = z.strictObject({
  dryRun: z.enum(['true', 'false']).default('false').describe('true: only say what would change.'),
});
export const manifestListQuery = z.strictObject({ state: state.optional() });

const revision = z
  .int()
  .min(1)
  .describe('The revision that was looked at; another one that came since is not decided.');
export const manifestApprove = z.strictObject({ revision });
export const manifestRefuse = z.strictObject({ revision, reason: note.min(1, 'must say why') });

/** The form of a manifest for editors and CI, as JSON Schema 2020-12. */
export const manifestJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(manifestDocument, { target: 'draft-2020-12', io: 'input' }),
  title: 'MCPNest manifest',
});
