import { z } from 'zod';
import { time } from './common.ts';
import { toolCall } from './records.ts';

const names = z.array(z.string());

export const callExplanation = z.object({
  call: toolCall,
  verdict: z
    .enum(['same', 'different', 'not-decided', 'unproven'])
    .describe(
      'same: the policy of then, asked again, gives the recorded answer. different: it does not. not-decided: something else than the policy refused the call, such as a budget, which is a counter and cannot be asked again. unproven: the policy of then is not kept any more, or is not the one the record names.',
    ),
  reason: z.string().describe('The verdict in words.'),
  policy: z
    .object({
      version: z.int(),
      digest: z.string().describe('SHA-256 of its canonical text.'),
      since: time.describe('When it came into force; gateways follow within a second.'),
      eventId: z.string().nullable().describe('The audit event it followed from.'),
      intact: z.boolean().describe('Whether the text that is kept has this digest.'),
      asRecorded: z.boolean().nullable().describe('Whether the record names this digest; null: it names none.'),
    })
    .nullable()
    .describe('Null: it is not kept any more.'),
  caller: z
    .object({
      subject: z.string().describe('member:…, machine:… or workspace token.'),
      tokenLabel: z.string(),
      teams: names.describe('Those the member was in then.'),
      scope: names.nullable().describe('What the token was narrowed to; null = the whole workspace.'),
    })
    .nullable()
    .describe('As that version had them. Null: it has no such token.'),
  decision: z
    .object({
      effect: z.enum(['allow', 'deny']),
      rule: z.string(),
      says: z.string().describe('The rule in words.'),
      author: z.string().nullable().describe('Who made the rule or stop, as audit events name actors.'),
      authorEmail: z.string().nullable(),
      wouldDeny: z.string().nullable().describe('What would have refused it, were enforcement on.'),
      at: time.describe('The moment it was decided for.'),
    })
    .nullable()
    .describe('What the policy says when it is asked again. Null: there was nothing to ask it.'),
  inForce: z
    .object({
      preset: z.enum(['open', 'strict']),
      enforcement: z.boolean(),
      toolClass: z.string().nullable(),
      visibility: names.nullable().describe('Whom the server was shown to; null = the whole workspace.'),
      approval: z
        .object({ target: z.string(), approvers: names, expiresInMinutes: z.int() })
        .nullable()
        .describe('The setting by which the call needed an approval.'),
      stops: names.describe('Stops of the workspace that held then, as kind:name.'),
      pin: z
        .enum(['off', 'approved', 'new', 'changed'])
        .describe('off: the server was not pinned. Otherwise how the definition stood to the approved one.'),
    })
    .nullable(),
  approval: z
    .object({
      id: z.string(),
      state: z.string(),
      decidedBy: z.string().nullable(),
      decidedAt: time.nullable(),
    })
    .nullable()
    .describe('The approval it asked for or was sent with, as it stands now.'),
});
export type CallExplanation = z.output<typeof callExplanation>;
