import { z } from 'zod';
import { id, name, slug, time } from './common.ts';

const perMinute = z.int().min(1).max(10_000_000).nullable();

export const workspaceLimits = z.strictObject({
  principalPerMinute: perMinute.describe('Calls per minute for one principal; null = no ceiling.'),
  workspacePerMinute: perMinute.describe('Calls per minute for the whole workspace; null = no ceiling.'),
  principalConcurrency: z.int().min(1).max(10_000).describe('Calls of one principal in flight at once.'),
  writePerMinute: perMinute.describe(
    'Calls per minute of one principal to any one tool that writes or destroys; null = no ceiling. Until somebody sets it: none when open, 60 when strict.',
  ),
});

export const accessSettings = z.strictObject({
  preset: z
    .enum(['open', 'strict'])
    .describe('open: whoever has no allow rule may call everything. strict: no rule, no access.'),
  enforcement: z
    .boolean()
    .describe(
      'Whether allow rules refuse what they do not list. While off, such calls go on and their records name what would have refused them. Deny rules and visibility hold always. Always on when strict.',
    ),
});

export const publishingSettings = z.strictObject({
  teams: z
    .array(slug)
    .max(200)
    .describe(
      'Slugs of the teams whose manifests take effect at once; those of other teams wait for an administrator.',
    ),
});

export const toolListMode = z
  .enum(['all', 'search', 'auto'])
  .describe(
    'all: every tool. search: three tools that find, describe and call the others. auto: search where the caller’s list weighs more than autoAboveTokens. A client may differ with ?tools= in its URL; at the URL of one server all are listed unless it does.',
  );

export const toolListSettings = z.strictObject({
  mode: toolListMode,
  autoAboveTokens: z.int().min(0).max(10_000_000).describe('Estimated tokens, as tool-weights shows them.'),
});

export const hostingSettings = z.strictObject({
  orchestratorEnabled: z
    .boolean()
    .describe('Whether the workspace may host servers. Switched off, its instances stop and start again with it.'),
  plan: z
    .enum(['team', 'enterprise'])
    .describe('team: 3 running instances. enterprise: 20. Set with a key for the whole instance.'),
  idleMinutes: z
    .int()
    .min(1)
    .max(10_080)
    .nullable()
    .describe('Minutes without a call after which an instance sleeps until the next call; null: never.'),
  personalPerMember: z
    .int()
    .min(0)
    .max(20)
    .describe('Personal instances one member may have at once, however they fare; 0: nobody deploys any.'),
  pausedMinutes: z
    .int()
    .min(0)
    .max(10_080)
    .describe(
      'Minutes an instance that sleeps keeps its memory, on Docker: a call wakes it within a second. After them, and at once with 0, it is removed, and a call starts it anew.',
    ),
});

export const workspaceSettings = z.strictObject({
  auditMode: z
    .enum(['available', 'strict'])
    .describe(
      'available: calls go on if the journal fails, and a gap record counts them. strict: flushed to disk before the first byte leaves; no receipt, no call.',
    ),
  retentionDays: z
    .int()
    .min(30)
    .max(2555)
    .describe(
      'Days a tool call stays in the store: 30 to 2555, which is seven years of 365 days. A shorter term takes effect after seven days.',
    ),
  limits: workspaceLimits,
  access: accessSettings,
  publishing: publishingSettings,
  toolList: toolListSettings,
  hosting: hostingSettings,
});

export const workspace = z.object({
  id,
  slug,
  name: z.string(),
  settings: workspaceSettings,
  gatewayUrl: z.string().describe('Where MCP clients connect.'),
  createdAt: time,
  updatedAt: time,
});
export type Workspace = z.output<typeof workspace>;

export const workspaceList = z.object({ items: z.array(workspace) });

export const workspaceCreate = z.strictObject({
  name,
  slug: slug.optional().describe('Made from the name when left out.'),
});

export const workspaceUpdate = z
  .strictObject({
    name: name.optional(),
    settings: workspaceSettings
      .partial()
      .extend({
        limits: workspaceLimits.partial().optional(),
        access: accessSettings.partial().optional(),
        toolList: toolListSettings.partial().optional(),
        hosting: hostingSettings.partial().optional(),
      })
      .optional()
      .describe('Only what is to change.'),
  })
  .refine((body) => Object.keys(body).length > 0, 'must change something: send name or settings');
