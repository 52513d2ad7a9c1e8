import { z } from 'zod';
import { id, slug, time } from './common.ts';

/** States of a hosted instance. `degraded`: it runs, and calls to it fail. */
export const instanceStates = [
  'pending',
  'pulling',
  'starting',
  'running',
  'degraded',
  'sleeping',
  'stopped',
  'failed',
] as const;

const state = z
  .enum(instanceStates)
  .describe(
    'pending, pulling, starting: on its way. running; degraded: it runs and calls to it fail. sleeping: the next call wakes it. stopped: hosting or its image is switched off. failed: it crashed too often; restart it.',
  );

export const profileName = z
  .enum(['small', 'medium', 'large'])
  .describe('small: 0.25 CPUs and 256 MB. medium: 0.5 and 512 MB. large: 1 and 1 GB.');

/** Names of variables as POSIX has them. */
export const variableKey = z
  .string()
  .max(100)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable');

const variableValue = z
  .string()
  .max(8_192, 'must have at most 8192 characters')
  .refine((text) => !text.includes('\0'), 'must not contain a NUL character');

/** What a deployment may say; the rest of a container is the catalogue’s. */
export const hostedCreate = z.strictObject({
  workspace: slug.describe('Slug of the workspace.'),
  slug: slug.describe('Slug of the catalogue entry.'),
  env: z
    .record(variableKey, variableValue)
    .refine((env) => Object.keys(env).length <= 50, 'must have at most 50 variables')
    .default({})
    .describe('Values of the variables the entry declares, and of no others. Sealed at once, never returned.'),
  profile: profileName.optional().describe('The size; that of the entry when left out.'),
});

export const hostedAccepted = z.object({ instance_id: id, state });

export const hostedInstance = z.object({
  instance_id: id,
  workspace: slug,
  slug: slug.describe('Slug of the catalogue entry.'),
  entry_version: z.int().describe('Version of the entry it was made from.'),
  name: z.string(),
  server: slug.describe('Slug of its server in the workspace.'),
  profile: profileName,
  state,
  health: z.string().describe('What calls have shown; see servers.health.'),
  since: time.describe('Since when it is in this state.'),
  headline: z.string().nullable().describe('Why it is so, in one line: the last words of a server that failed.'),
  crashes: z
    .int()
    .describe(
      'How often it ended by itself or could not be started, in the last ten minutes; of a failed one, in the ten minutes before it was given up.',
    ),
  restarts: z
    .int()
    .describe('How often somebody has restarted it. What is started again after a crash is not counted.'),
  image: z.string(),
  digest: z.string(),
  member: z.string().nullable().describe('Email of the member it belongs to; null: the workspace.'),
  reaches: z.array(z.string()).describe('The addresses its values name, as host:port; the way out to them is open.'),
  env_keys: z.array(z.string()).describe('Variables that are set. Their values are never returned.'),
  created_at: time,
  created_by: z.string(),
});
export type HostedInstance = z.output<typeof hostedInstance>;

export const hostedList = z.object({ items: z.array(hostedInstance) });

export const hostedLine = z.object({ at: time, stream: z.enum(['stdout', 'stderr']), text: z.string() });

export const hostedLogs = z.object({
  instance_id: id,
  state,
  health: z.string(),
  headline: z.string().nullable(),
  lines: z.array(hostedLine).describe('Oldest first; values of variables are blotted out.'),
});

export const hostedUsage = z.object({
  instance_id: id,
  items: z
    .array(
      z.object({
        day: z.iso.date().describe('UTC.'),
        running_seconds: z.int(),
        cpu_seconds: z.number(),
        memory_peak_bytes: z.int(),
        memory_megabyte_seconds: z.int().describe('Megabytes in use, summed over the seconds it ran.'),
        calls: z.int(),
      }),
    )
    .describe('Newest first, days on which it ran or was called.'),
});
export type HostedUsage = z.output<typeof hostedUsage>;

/** What can be in the way of deploying an entry, for programs; `why_not` is the same for people. */
export const deployObstacles = [
  'no_runtime',
  'hosting_off',
  'plan_used_up',
  'personal_used_up',
  'members_only',
  'administrators_only',
  'image_not_allowed',
] as const;

export const catalogueEntry = z.object({
  slug,
  version: z.int(),
  name: z.string(),
  description: z.string(),
  publisher: z.string(),
  licence: z.string().describe('SPDX identifier.'),
  homepage: z.string(),
  state: z.enum(['maintained', 'community', 'archived']).describe('archived: nobody maintains its source.'),
  replaced_by: z.array(slug).describe('Entries to use instead.'),
  package: z.string().describe('Name and version of what is inside.'),
  image: z.string(),
  profile: profileName,
  personal: z.boolean().describe('Each member deploys an instance of their own.'),
  egress: z.array(z.string()).describe('Hosts it may reach on port 443; empty: none.'),
  reaches: z.array(z.string()).describe('Variables whose values name one more address each that it may reach.'),
  required_env_vars: z.array(
    z.object({
      key: variableKey,
      label: z.string(),
      type: z.enum(['text', 'password']),
      help: z.string(),
      required: z.boolean(),
    }),
  ),
  deployable: z.boolean().describe('Whether the caller could deploy it now.'),
  obstacle: z.enum(deployObstacles).nullable().describe('What is in the way; null: nothing.'),
  why_not: z.string().nullable().describe('What is in the way, with the remedy.'),
});
export type CatalogueEntryView = z.output<typeof catalogueEntry>;

export const hostedCatalogue = z.object({
  enabled: z.boolean().describe('Whether the workspace hosts servers (settings.hosting.orchestratorEnabled).'),
  plan: z.object({ name: z.enum(['team', 'enterprise']), limit: z.int(), running: z.int() }),
  items: z.array(catalogueEntry),
});

/** Name of an image without tag and digest, as the distribution specification of the OCI has it. */
export const imageName = z
  .string()
  .max(255)
  .regex(
    /^(?:[a-z0-9]+(?:[.-][a-z0-9]+)*(?::\d{1,5})?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/,
    'must be the name of an image without tag and digest',
  );

export const imageDigest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 lower-case hex digits');

export const hostedImage = z.object({
  id,
  image: imageName,
  digest: imageDigest,
  entry: slug.describe('Slug of the catalogue entry it is of.'),
  entry_version: z.int(),
  sbom: z.string().nullable().describe('Where its bill of materials is.'),
  allowed_by: z.string(),
  created_at: time,
  revoked_at: time.nullable(),
});

export const hostedImageAllow = z.strictObject({
  image: imageName,
  digest: imageDigest,
  entry: slug.optional().describe('Slug of the catalogue entry; the one that names the image when left out.'),
  sbom: z.string().max(500).optional().describe('Where its bill of materials is: a path or URL, for people.'),
});

export const hostedImageList = z.object({ items: z.array(hostedImage) });

/** `follow` answers with server-sent events: `line` with a log line, `state` with state, health and headline. */
export const followMedia = ['text/event-stream'] as const;
