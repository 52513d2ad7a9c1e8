import { expect, it } from 'vitest';
import { Secret } from '../../domain/secret.ts';
import { createLocalVault } from './local-key.ts';
import { describeVault } from './vault.contract.ts';

describeVault('a local key', createLocalVault);

it.each(['', 'password', 'g'.repeat(64), 'a'.repeat(63)])('refuses a key that is not 32 bytes of hex: %j', (key) => {
  expect(() => createLocalVault(new Secret(key))).toThrow('openssl rand -hex 32');
});
