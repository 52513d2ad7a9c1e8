import { hash, randomBytes } from 'node:crypto';

/**
 * `mng_` opens the data plane, `mnk_` the control plane, `mni_` is an invitation; none ever works in the place of another.
 */
export type TokenPrefix = 'mng_' | 'mnk_' | 'mni_';

const form = /^mn[gki]_[0-9a-f]{48}$/;

/** Characters of a token, the prefix included. */
export const tokenLength = 52;

/** A fresh token: the prefix and 48 lower-case hex characters (192 random bits). Shown once, never stored. */
export const mintToken = (prefix: TokenPrefix): string => prefix + randomBytes(24).toString('hex');

/** The kind of a well-formed token, or undefined. */
export const tokenPrefix = (token: string): TokenPrefix | undefined =>
  form.test(token) ? (token.slice(0, 4) as TokenPrefix) : undefined;

/** What is stored in a token's place: SHA-256, lower-case hex. 192 random bits need no salt or stretching. */
export const hashToken = (token: string): string => hash('sha256', token, 'hex');

/** The last four characters, to tell tokens apart in lists. */
export const tokenHint = (token: string): string => token.slice(-4);
