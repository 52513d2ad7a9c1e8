import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../domain/errors.ts';
import { Secret } from '../../domain/secret.ts';
import type { Vault } from './vault.ts';

/** What every vault must do alike. `create` gives a vault for a master key of 64 hex characters. */
export function describeVault(name: string, create: (key: Secret) => Vault): void {
  const key = new Secret(randomBytes(32).toString('hex'));
  const vault = create(key);
  const plain = 'Bearer s3cret-\u00e9-\u{1f980}';

  const refusal = (open: () => unknown): AppError => {
    try {
      open();
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
    throw new Error('it opened');
  };

  describe(`vault with ${name}`, () => {
    it('opens what it sealed, in the same context, also after a restart', () => {
      const sealed = vault.seal(new Secret(plain), 'server/1/header/authorization');
      expect(vault.open(sealed, 'server/1/header/authorization').reveal()).toBe(plain);
      expect(create(key).open(sealed, 'server/1/header/authorization').reveal()).toBe(plain);
    });

    it.each(['', 'x', 'y'.repeat(100_000)])('seals a value of any length', (value) => {
      expect(vault.open(vault.seal(new Secret(value), 'c'), 'c').reveal()).toBe(value);
    });

    it('gives printable text that holds nothing of the value and differs each time', () => {
      const sealed = Array.from({ length: 50 }, () => vault.seal(new Secret(plain), 'c'));
      expect(new Set(sealed).size).toBe(50);
      for (const text of sealed) {
        expect(text).toMatch(/^v1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+$/);
        expect(Buffer.from(text.split('.')[2]!, 'base64url').toString('latin1')).not.toContain('s3cret');
      }
    });

    it('does not open a value moved to another context', () => {
      const sealed = vault.seal(new Secret(plain), 'server/1/header/authorization');
      const error = refusal(() => vault.open(sealed, 'server/2/header/authorization'));
      expect([error.code, error.message]).toEqual(['unavailable', expect.not.stringContaining('s3cret')]);
    });

    it('does not open with another key, and says which key it needs', () => {
      const other = create(new Secret(randomBytes(32).toString('hex')));
      const sealed = vault.seal(new Secret(plain), 'c');
      expect(refusal(() => other.open(sealed, 'c')).detail).toContain(sealed.split('.')[1]);
    });

    it('notices a change of any byte', () => {
      const [prefix, id, body] = vault.seal(new Secret('abc'), 'c').split('.') as [string, string, string];
      const bytes = Buffer.from(body, 'base64url');
      for (let i = 0; i < bytes.length; i++) {
        const changed = Buffer.from(bytes);
        changed[i]! ^= 1;
        expect(refusal(() => vault.open(`${prefix}.${id}.${changed.toString('base64url')}`, 'c')).code).toBe(
          'unavailable',
        );
      }
    });

    it.each(['', 'v1', 'v2.00000000.AAAA', 'plain text', 'v1.zzzzzzzz.AAAA'])(
      'refuses what is not sealed: %j',
      (text) => {
        expect(refusal(() => vault.open(text, 'c')).code).toBe('unavailable');
      },
    );

    it('refuses a truncated value, whatever is left of it', () => {
      const [prefix, id, body] = vault.seal(new Secret('abc'), 'c').split('.') as [string, string, string];
      for (let bytes = 0; bytes < 31; bytes++) {
        const cut = Buffer.from(body, 'base64url').subarray(0, bytes).toString('base64url');
        expect(refusal(() => vault.open(`${prefix}.${id}.${cut}`, 'c')).code).toBe('unavailable');
      }
    });

    it('derives keys that depend on the master key and on the purpose, and on nothing else', () => {
      const journal = vault.deriveKey('journal');
      expect(journal).toHaveLength(32);
      expect(create(key).deriveKey('journal').equals(journal)).toBe(true);
      expect(vault.deriveKey('arguments').equals(journal)).toBe(false);
      expect(
        create(new Secret(randomBytes(32).toString('hex')))
          .deriveKey('journal')
          .equals(journal),
      ).toBe(false);
    });
  });
}
