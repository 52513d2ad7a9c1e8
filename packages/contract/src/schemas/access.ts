import { z } from 'zod';
import { toolClasses } from '../rule-form.ts';
import { id, note, slug, time } from './common.ts';
import { definitionFlag } from './pins.ts';
import { policyDocument, rule, ruleObject, ruleSubject } from './rules.ts';

export const toolClass = z
  .enum(toolClasses)
  .describe('read: changes nothing. write: changes something. destructive: what it changes cannot be brought back.');

export const serverTool = z.object({
  tool: z.string().describe('The server’s own name of it.'),
  class: toolClass.describe('What counts. A tool nobody has classified counts as write: it may change the world.'),
  set: z.boolean().describe('Whether somebody has set the class.'),
  claimed: toolClass
    .nullable()
    .describe('What the server says of itself by its annotations; shown, and trusted with nothing.'),
  listed: z.boolean().describe('Whether the server lists the tool at the moment.'),
  hash: z.string().nullable().describe('Of its definition, as call records have it.'),
  warnings: z.array(definitionFlag).describe('What is odd about its definition. Nothing is kept back for it.'),
});
export type ServerTool = z.output<typeof serverTool>;

export const serverToolList = z.object({ items: z.array(serverTool) });

export const toolClassify = z.strictObject({
  classes: z
    .array(z.strictObject({ tool: z.string().min(1).max(200), class: toolClass.nullable() }))
    .min(1, 'must name a tool')
    .max(500)
    .describe('Class null: back to nobody having set it.'),
});

const days = z.int().min(1).max(365);

export const accessQuery = z.strictObject({
  member: z.string().max(300).optional().describe('Id or email; the caller when neither this nor machine is sent.'),
  machine: z.string().max(300).optional().describe('Id or name.'),
  server: slug.optional(),
  tool: z.string().max(200).optional().describe('The server’s own name of it.'),
});

export const accessItem = z.object({
  server: z.string(),
  owner: z.string().nullable().describe('Slug of the team the server belongs to, which can be asked, too.'),
  tool: z.string().nullable().describe('Null: the server itself, whose tools are not known or which is hidden.'),
  class: toolClass.nullable(),
  verdict: z.enum(['allowed', 'denied', 'hidden']),
  rule: z.string().describe('What decided, as call records name it.'),
  reason: z.string().describe('The same in words.'),
  wouldDeny: z.string().nullable().describe('What would refuse it, were enforcement on.'),
  approval: z.boolean().describe('Whether every call of it needs somebody’s approval.'),
  decidedBy: rule.omit({ createdBy: true, note: true }).nullable().describe('The rule that decided, where one did.'),
});
export type AccessItem = z.output<typeof accessItem>;

export const accessReport = z.object({
  subject: z.string(),
  preset: z.enum(['open', 'strict']),
  enforcement: z.boolean(),
  ask: z.array(z.string()).describe('Who can change it: owners and admins of the workspace, by email.'),
  items: z.array(accessItem),
  complete: z.boolean().describe('False: there is more than fits; name a server.'),
});
export type AccessReport = z.output<typeof accessReport>;

export const accessRequest = z.object({
  id,
  memberId: id,
  email: z.string(),
  object: z.string(),
  reason: z.string(),
  days: z.int(),
  state: z.enum(['pending', 'granted', 'refused']),
  answer: z.string().nullable(),
  ruleId: z.string().nullable().describe('The rule it was granted with.'),
  createdAt: time,
  decidedAt: time.nullable(),
  decidedBy: z.string().nullable(),
});
export type AccessRequest = z.output<typeof accessRequest>;

export const accessRequestList = z.object({ items: z.array(accessRequest) });

export const accessRequestQuery = z.strictObject({
  state: z.enum(['pending', 'granted', 'refused']).optional(),
});

export const accessRequestCreate = z.strictObject({
  object: ruleObject,
  reason: note.min(1, 'must say what for'),
  days: days.default(7).describe('For how long.'),
});

export const accessGrant = z.strictObject({
  days: days.optional().describe('For how long; as asked for when left out.'),
  note: note.default(''),
});

export const accessRefuse = z.strictObject({ reason: note.min(1, 'must say why') });

const bounded = {
  from: time,
  to: time,
  calls: z.int().describe('Recorded calls that were looked at.'),
  skipped: z.int().describe('Of these, such as nobody could make again: whoever made them, or the server, is gone.'),
  complete: z.boolean().describe('False: there were more calls than are looked at in one go; name fewer days.'),
};

export const policySimulate = z
  .strictObject({
    document: policyDocument.optional().describe('The rules to try; the present ones when left out.'),
    preset: z.enum(['open', 'strict']).optional(),
    enforcement: z.boolean().optional(),
    days: z.int().min(1).max(90).default(30).describe('How many days of recorded calls.'),
  })
  .refine(
    (body) => body.document !== undefined || body.preset !== undefined || body.enforcement !== undefined,
    'must try something: send document, preset or enforcement',
  );

export const simulatedCalls = z.object({
  who: ruleSubject.or(z.literal('workspace token')),
  server: z.string(),
  method: z.string(),
  tool: z.string(),
  calls: z.int().describe('How often.'),
  lastAt: time,
  before: z.string().describe('What decides today.'),
  after: z.string().describe('What would decide.'),
});
export type SimulatedCalls = z.output<typeof simulatedCalls>;

export const simulation = z.object({
  ...bounded,
  newlyDenied: z.array(simulatedCalls),
  newlyAllowed: z.array(simulatedCalls),
});
export type Simulation = z.output<typeof simulation>;

export const unusedQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(365).default(90).describe('Usually 30, 60 or 90.'),
});

export const unusedRights = z.object({
  ...bounded,
  days: z.int(),
  items: z.array(rule).describe('Allow rules older than that, without a recorded call they were needed for.'),
  proposal: policyDocument
    .nullable()
    .describe(
      'All rules with the unused ones ended now, to send to policy.import; null: nothing to shrink. They are ended and not deleted, since a member without any rule has full access in an open workspace.',
    ),
});
export type UnusedRights = z.output<typeof unusedRights>;
