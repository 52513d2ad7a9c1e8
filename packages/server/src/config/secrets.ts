import type { Secret } from '../domain/secret.ts';

/** What the process was given that must never be printed; kept apart from Config, which may be. */
export interface Secrets {
  /** Master key as 64 hex characters; undefined = the one in the data folder. */
  readonly secretKey: Secret | undefined;
  /** Address of the database with its password; undefined unless it is PostgreSQL. */
  readonly databaseUrl: Secret | undefined;
  /** Password of the first owner, for a set-up without a person. */
  readonly adminPassword?: Secret | undefined;
  /** Control API key of the command line. */
  readonly apiKey: Secret | undefined;
}

const examples = [
  'password',
  'passw0rd',
  'changeme',
  'change-me',
  'secret',
  'example',
  'postgres',
  'mcpnest',
  'admin',
  'test',
  '1234',
];

/** True for passwords that stand in examples and word lists; anyone would try them first. */
export const isExamplePassword = (password: string): boolean =>
  examples.includes(password.toLowerCase().replace(/[0-9!]*$/, '')) || /^[0-9]*$/.test(password) || password.length < 4;

/** @returns what is wrong with a master key, or undefined */
export function secretKeyProblem(key: string): string | undefined {
  const remedy = 'generate one with: openssl rand -hex 32';
  if (!/^[0-9a-fA-F]{64}$/.test(key)) return `must be 64 hex characters; ${remedy}`;
  const bytes = [...Buffer.from(key, 'hex')];
  // 32 random bytes hold about 30 different ones; fewer than 16 does not happen by chance.
  const patterned =
    new Set(bytes).size < 16 || new Set(bytes.map((byte, i) => (byte - bytes[(i || 1) - 1]!) & 0xff)).size < 8;
  return patterned ? `is an example or a pattern, not a random key; ${remedy}` : undefined;
}
