import { z } from 'zod';
import { roles } from '../operation.ts';
import { email, id, name, role, slug, time } from './common.ts';

export const authMethods = ['password', 'passkey', 'setup', 'reset', 'invitation'] as const;
export const authMethod = z.enum(authMethods).describe('How the person signed in.');

/** A password that is being chosen (NIST SP 800-63B: length and a list of the commonest, no rules of composition). */
export const newPassword = z
  .string()
  .refine((text) => Array.from(text).length >= 12, 'must have at least 12 characters')
  .refine((text) => Array.from(text).length <= 256, 'must have at most 256 characters')
  .describe('12 to 256 characters; any of them, spaces too.');

/** One that is being checked; whatever was accepted once fits. */
export const givenPassword = z.string().min(1, 'must not be empty').max(1_024, 'must have at most 1024 characters');

export const linkKey = z.string().regex(/^[\w-]{43}$/, 'must be the key of a link: 43 characters');

export const session = z.object({
  user: z.object({ id, email: z.string(), name: z.string() }),
  instanceRole: z.enum(roles).nullable().describe('What the person may administer of the whole instance.'),
  workspaces: z
    .array(z.object({ slug, name: z.string(), role, memberId: id }))
    .describe('Those the person is a member of, and as which member.'),
  csrfToken: z.string().describe('Send it as `x-csrf-token` with every request that changes something.'),
  expiresAt: time.describe('The session ends then at the latest, and earlier after twelve hours without a request.'),
  authMethod,
});
export type Session = z.output<typeof session>;

export const signIn = z.strictObject({ email, password: givenPassword });

/** Options and answers of WebAuthn (W3C Web Authentication Level 3, the JSON forms of section 5.1). */
export const passkeyOptions = z.looseObject({ challenge: z.string() });
export const passkeyResponse = z
  .looseObject({ id: z.string().max(1_400), response: z.looseObject({ clientDataJSON: z.string().max(10_000) }) })
  .describe('What `navigator.credentials` answered, as `toJSON()` gives it.');
export const passkeySignIn = z.strictObject({ response: passkeyResponse });
export const passkeyAdd = z.strictObject({ name, response: passkeyResponse });

export const passkey = z.object({ id, name: z.string(), createdAt: time, lastUsedAt: time.nullable() });
export type Passkey = z.output<typeof passkey>;
export const passkeyList = z.object({ items: z.array(passkey) });

export const sessionItem = z.object({
  id,
  createdAt: time,
  lastSeenAt: time.describe('To the minute.'),
  expiresAt: time,
  address: z.string().describe('Of the network, as this server sees it.'),
  browser: z.string().describe('In words, as the browser names itself.'),
  authMethod,
  current: z.boolean().describe('Whether it is the one that asks.'),
});
export type SessionItem = z.output<typeof sessionItem>;
export const sessionList = z.object({ items: z.array(sessionItem) });
export const sessionsEnded = z.object({ ended: z.int().describe('How many sessions.') });

export const passwordChange = z.strictObject({
  current: givenPassword.optional().describe('The present one; may be left out only where there is none.'),
  next: newPassword,
});

export const setupState = z.object({
  needed: z.boolean().describe('Whether the instance still waits for an owner who can sign in.'),
});
export type SetupState = z.output<typeof setupState>;
export const setupFinish = z.strictObject({ key: linkKey, email, name, password: newPassword });

export const passwordReset = z.strictObject({ key: linkKey, password: newPassword });
export const link = z.object({
  link: z.string().describe('Hand it to the person yourself. Shown this once; only the SHA-256 of its key is kept.'),
  expiresAt: time,
});
export type Link = z.output<typeof link>;

export const acceptInConsole = z.strictObject({
  secret: z.string().regex(/^mni_[0-9a-f]{48}$/, 'must be an invitation (mni_…)'),
  name,
  password: givenPassword.describe('A new one (12 to 256 characters); whoever has an account already gives its own.'),
});
