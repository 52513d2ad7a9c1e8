import { argon2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashPassword, isOutdated, passwordProblem, verifyPassword } from './passwords.ts';

describe('a stored password', () => {
  it('[NEW-11] is an argon2id PHC string with a salt of its own, and opens to its password alone', async () => {
    const [one, two] = [await hashPassword('a long and private one'), await hashPassword('a long and private one')];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(two).not.toBe(one);
    expect(await verifyPassword('a long and private one', one)).toBe(true);
    expect(await verifyPassword('a long and private One', one)).toBe(false);
    expect(isOutdated(one)).toBe(false);
  });

  it('is the same however a keyboard composes its letters', async () => {
    expect(await verifyPassword('caf\u0065\u0301 at the corner', await hashPassword('caf\u00e9 at the corner'))).toBe(
      true,
    );
  });

  it('is checked with the settings it was made with, and known to be outdated', async () => {
    const nonce = Buffer.alloc(16, 7);
    const made = { message: 'a long and private one', nonce, memory: 8_192, passes: 1, parallelism: 1, tagLength: 32 };
    const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
    const old = `$argon2id$v=19$m=8192,t=1,p=1$${text(nonce)}$${text(argon2Sync('argon2id', made))}`;
    expect(await verifyPassword('a long and private one', old)).toBe(true);
    expect(isOutdated(old)).toBe(true);
  });

  it.each(['', 'plain', '$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA', '$argon2id$v=19$m=1,t=1,p=1$x$y'])(
    'that cannot be read (%s) is nobody’s',
    async (stored) => expect(await verifyPassword('', stored)).toBe(false),
  );
});

it.each([
  ['123456789012', /first/],
  ['PasswordPassword', /first/],
  ['aaaaaaaaaaaaaaaa', /first/],
  ['Ada@Example.com', /your name or address/],
  ['a long and private one', undefined],
  ['correct horse battery staple', undefined],
])('of %s it is said: %s', (password, said) => {
  const problem = passwordProblem(password, ['ada@example.com', 'Ada']);
  if (said === undefined) expect(problem).toBeUndefined();
  else expect(problem).toMatch(said);
});
