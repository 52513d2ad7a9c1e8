import type { SecretReason } from './secrets.ts';

/** A value of a header, variable or argument. */
export interface ImportedValue {
  readonly name: string;
  /** As it stands in the file; show `shown` instead. */
  readonly value: string;
  /** Undefined: it is no secret. */
  readonly secret: SecretReason | undefined;
  /** It only says where the value is: a variable, a prompt, or a gap to fill in. */
  readonly reference: boolean;
  /** The value, masked where it is a secret. */
  readonly shown: string;
}

/** One server of a client's configuration. */
export interface ImportedServer {
  /** As it is called there. */
  readonly name: string;
  /** Keys from the top of the file to its entry; in a list the last is its place. */
  readonly path: readonly (string | number)[];
  readonly kind: 'http' | 'sse' | 'stdio';
  /** What carries a program's client to an address, such as `mcp-remote`; undefined where the client goes there itself. */
  readonly through: 'mcp-remote' | undefined;
  /** Without what is secret in it; undefined for a program. */
  readonly url: string | undefined;
  /** Parts of the address that are secret: users, passwords, parameters of the query. */
  readonly urlSecrets: readonly ImportedValue[];
  readonly headers: readonly ImportedValue[];
  readonly command: string | undefined;
  readonly args: readonly ImportedValue[];
  readonly env: readonly ImportedValue[];
  readonly enabled: boolean;
  /** Members of the entry that were not understood. */
  readonly unknown: readonly string[];
}

export interface ImportReport {
  readonly servers: readonly ImportedServer[];
  /** What could not be read, in words; none of them holds a value of the file. */
  readonly problems: readonly string[];
}

/** More is refused or left out, and said. */
export const importLimits = {
  characters: 16 * 1024 * 1024,
  servers: 200,
  values: 100,
  valueLength: 8_192,
  depth: 32,
} as const;

/** Everything secret a server's entry holds, as it stands there. */
export const secretsOf = ({ urlSecrets, headers, args, env }: ImportedServer): string[] =>
  [...urlSecrets, ...headers, ...args, ...env]
    .filter(({ secret }) => secret !== undefined)
    .map(({ value }) => value.replace(/^(?:Bearer|Basic|Token|ApiKey)\s+/i, ''));
