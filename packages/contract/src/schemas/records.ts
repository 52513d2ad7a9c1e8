import { z } from 'zod';
import { callFilters, timeRange } from './call-filters.ts';
import { nextCursor, pageQuery, time } from './common.ts';

export const toolCall = z.object({
  id: z.string(),
  createdAt: time,
  memberId: z.string().nullable(),
  tokenId: z.string(),
  principalKind: z.string().describe('workspace, member or machine.'),
  machineId: z.string().nullable(),
  server: z.string().nullable().describe('Slug of the server that owns the tool.'),
  method: z
    .string()
    .describe(
      'What was asked for: tools/call, prompts/get, resources/read, resources/subscribe, completion/complete, tasks/… or a method of an extension. A completion belongs to the prompt or resource it names, a task to its tool.',
    ),
  tool: z
    .string()
    .describe(
      'Name of the tool or prompt as its server has it; of a resource the URI or URI template its server lists, and of any other URI only the scheme.',
    ),
  status: z.int().describe("HTTP style: 200, 4xx the caller's fault, 5xx the upstream's."),
  outcome: z.string(),
  errorCode: z.string().nullable(),
  latencyMs: z.number(),
  upstreamMs: z.number().nullable(),
  dispatched: z.boolean().describe('Whether any byte was sent upstream.'),
  rule: z.string().nullable().describe('The rule that decided.'),
  wouldDeny: z.string().nullable().describe('What would have refused it, were enforcement on.'),
  approvalId: z.string().nullable().describe('The approval it asked for, or was sent with.'),
  policyVersion: z.int().describe('Version of the snapshot that decided.'),
  policyDigest: z
    .string()
    .nullable()
    .describe('SHA-256 of what that version says, as the gateway held it; null in rows of earlier releases.'),
  policyAgeMs: z
    .int()
    .nullable()
    .describe('How long ago the database had last confirmed that version when the request came.'),
  toolClass: z.string().nullable().describe('read, write or destructive, as it counted then; null: no tool.'),
  authMethod: z.string().nullable().describe('How the caller proved who it is: gateway_token.'),
  definitionHash: z.string().nullable(),
  argsShape: z.unknown().describe('Keys, types and size classes of the arguments; never a value.'),
  era: z.string(),
  protocolVersion: z.string().nullable(),
  clientName: z.string().nullable(),
  bytesIn: z.int(),
  bytesOut: z.int(),
  traceId: z.string().nullable(),
});
export type ToolCall = z.output<typeof toolCall>;

export const toolCallList = z.object({ items: z.array(toolCall), nextCursor });

export const toolCallQuery = z.strictObject({
  ...callFilters,
  order: z.enum(['newest', 'oldest']).default('newest').describe('Which come first.'),
  ...pageQuery,
});

export const auditEvent = z.object({
  id: z.string(),
  createdAt: time,
  workspaceId: z.string().nullable(),
  actor: z
    .string()
    .describe(
      '`user:{id}/key:{id}`, or `local-cli` for the operator at the data folder, `invitation:{id}` for a person who accepts one, `gateway`, `anonymous` for who could not log in.',
    ),
  actorEmail: z.string().nullable(),
  action: z
    .string()
    .describe('Id of the operation; login for an attempt that failed, credentials.use for an upstream’s credential.'),
  target: z.string().nullable().describe('Null once it was erased, with detail.'),
  detail: z.unknown(),
  chain: z
    .object({
      state: z
        .enum(['waiting', 'intact', 'changed', 'erased'])
        .describe(
          'waiting: not in the chain yet. intact: the chain has it as it is shown. changed: somebody has changed the row since. erased: a person’s details were erased, all else is as it was.',
        ),
      node: z.string().nullable(),
      epoch: z.int().nullable(),
      seq: z.int().nullable(),
    })
    .describe('Where the journal has it.'),
});
export type AuditEvent = z.output<typeof auditEvent>;

export const auditEventList = z.object({ items: z.array(auditEvent), nextCursor });

export const auditEventQuery = z.strictObject({
  action: z.string().max(100).optional(),
  actor: z
    .string()
    .min(1)
    .max(300)
    .optional()
    .describe('Email address of a person, by whatever key or session of theirs; or an actor as events name it.'),
  ...timeRange,
  ...pageQuery,
});

export const instance = z.object({
  version: z.string(),
  url: z.string(),
  database: z.enum(['sqlite', 'postgres']),
  time,
  counts: z.object({
    workspaces: z.int(),
    servers: z.int(),
    members: z.int(),
    tokens: z.int().describe('Tokens that are neither revoked nor expired.'),
  }),
});
export type Instance = z.output<typeof instance>;
