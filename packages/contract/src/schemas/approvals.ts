import { z } from 'zod';
import { objectForm, objectLimits } from '../rule-form.ts';
import { toolClass } from './access.ts';
import { id, nextCursor, note, pageQuery, time } from './common.ts';

/** Minutes a request for an approval holds. */
export const approvalMinutes = { least: 5, usual: 60, most: 24 * 60 } as const;

const target = z
  .string()
  .min(1)
  .max(150)
  .refine(
    (text) => objectForm.test(`*:${text}`) && text !== '@prompts' && text !== '@resources',
    'must be a tool (`delete_repo`), a pattern (`delete_*`) or a class (`@destructive`)',
  )
  .refine((text) => text.split('*').length - 1 <= objectLimits.stars, `must have at most ${objectLimits.stars} *`)
  .describe(
    'The server’s own name of a tool, `*` in it for any run of characters, or `@read`, `@write`, `@destructive`.',
  );

const approver = z
  .string()
  .max(300)
  .regex(/^(?:member|team):.*\S$/, 'must be member:<email> or team:<slug>')
  .describe('`member:<email>` or `team:<slug>`; an id serves in place of each.');

export const approvalSetting = z.object({
  target: z.string(),
  approvers: z.array(z.string()).describe('Who may approve besides owners and admins.'),
  expiresInMinutes: z.int(),
  setBy: z.string(),
  setAt: time,
});
export type ApprovalSetting = z.output<typeof approvalSetting>;

export const approvalSettingList = z.object({ items: z.array(approvalSetting) });

export const approvalSettingsUpdate = z.strictObject({
  settings: z
    .array(
      z.strictObject({
        target,
        approval: z.enum(['required', 'none']),
        approvers: z.array(approver).max(20).default([]).describe('Who may approve besides owners and admins.'),
        expiresInMinutes: z
          .int()
          .min(approvalMinutes.least)
          .max(approvalMinutes.most)
          .default(approvalMinutes.usual)
          .describe('Minutes from asking until a request, approved or not, is worth nothing.'),
      }),
    )
    .min(1, 'must name a tool')
    .max(100),
});

export const approvalStates = ['pending', 'approved', 'refused', 'expired', 'used', 'void'] as const;

export const approval = z.object({
  id,
  state: z
    .enum(approvalStates)
    .describe('void: the token, its holder or the definition of the tool is not what it was; nothing can come of it.'),
  requester: z.string().describe('`member:<email>`, `machine:<name>`, or `workspace token`.'),
  tokenId: z.string(),
  tokenLabel: z.string().nullable(),
  server: z.string(),
  tool: z.string().describe('The server’s own name of it.'),
  argsShape: z.unknown().describe('Declared arguments with type and size class; never a value.'),
  definitionHash: z
    .string()
    .describe('Of the tool as it was defined when the call was made; another one is not approved.'),
  policyVersion: z.int(),
  mayDecide: z.boolean().describe('Whether whoever asks may approve or refuse it now.'),
  createdAt: time,
  expiresAt: time,
  decidedAt: time.nullable(),
  decidedBy: z.string().nullable(),
  decidedByEmail: z.string().nullable().describe('Where `decidedBy` is a person who is known.'),
  reason: z.string().nullable().describe('Why it was refused.'),
  usedAt: time.nullable().describe('When the call was sent.'),
});
export type Approval = z.output<typeof approval>;

export const approvalDetail = approval.extend({
  toolClass: toolClass.nullable().describe('Of the tool, as it counts now; null: its server is not served.'),
  setting: approvalSetting
    .pick({ target: true, approvers: true, expiresInMinutes: true })
    .nullable()
    .describe('Why it waits: the setting that is about the tool now; null: none is any more.'),
  lastApproved: z
    .object({
      id,
      requester: z.string(),
      argsShape: z.unknown(),
      definitionHash: z.string(),
      decidedAt: time.nullable(),
      decidedByEmail: z.string().nullable(),
    })
    .nullable()
    .describe('The call of the same tool that was approved last before this one, as far as the caller may see it.'),
});
export type ApprovalDetail = z.output<typeof approvalDetail>;

export const approvalList = z.object({ items: z.array(approval), nextCursor });

export const approvalQuery = z.strictObject({
  show: z
    .enum(['pending', 'mine', 'all'])
    .default('pending')
    .describe(
      'pending: what waits. mine: what the caller or a machine of theirs asked for. all: also what is decided or over.',
    ),
  ...pageQuery,
});

export const approvalRefuse = z.strictObject({
  reason: note.min(1, 'must say why').describe('The requester reads it.'),
});
