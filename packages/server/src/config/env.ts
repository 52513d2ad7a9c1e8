import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** What the process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The only place that reads the process environment; everything else is handed what it needs. */
export const processEnvironment = (): Environment => process.env;

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== ''),
);
const namespace = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be the name of a namespace: letters, digits and dashes');
const flag = z
  .enum(['0', '1', 'false', 'true'], { error: 'must be 1 or 0' })
  .transform((text) => text === '1' || text === 'true');

/** Every variable the server and the command line know, by name. `description` becomes the reference page. */
export const variables = z.object({
  MCPNEST_HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]+$/, 'must be an address or host name without a port, e.g. 127.0.0.1, ::1 or 0.0.0.0')
    .default('127.0.0.1')
    .describe('Address to listen on. One that is not loopback needs `MCPNEST_PUBLIC_URL` with https.'),
  MCPNEST_PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port from 0 to 65535')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be a port from 0 to 65535')
    .default(8420)
    .describe('Port to listen on; 0 takes any free one, named in the log line `ready`.'),
  MCPNEST_PUBLIC_URL: z
    .string()
    .optional()
    .describe('Where clients reach this server, e.g. `https://mcp.example.com`. Default: the address it listens on.'),
  MCPNEST_DATA_DIR: z
    .string()
    .default('./data')
    .describe('Folder of its own for the database, the journal and the secret key; created with mode 0700.'),
  DATABASE_URL: z
    .string()
    .optional()
    .describe(
      '`sqlite:<path>` or `postgres://user:password@host:port/database`. Default: `mcpnest.db` in the data folder.',
    ),
  REDIS_URL: z.string().optional().describe('Reserved for a shared bus and cache; setting it is refused today.'),
  MCPNEST_ROLES: list
    .optional()
    .describe(
      'Planes this process runs: `control,gateway`, and `orchestrator` where it runs hosted servers; `orchestrator` alone makes it a process of its own. Default: the first two, and the third where `MCPNEST_RUNTIME` names a runtime.',
    ),
  MCPNEST_ORCHESTRATOR_SOCKET: z
    .string()
    .regex(/^\/.{1,100}$/, 'must be the absolute path of a socket, of at most 101 characters')
    .optional()
    .describe(
      'Unix socket between an orchestrator in a process of its own and the gateway: there it listens on it, here it is asked through it. Its folder must be closed to others than its owner and group.',
    ),
  MCPNEST_ORCHESTRATOR_URL: z
    .string()
    .optional()
    .describe(
      'Where an orchestrator on another machine is asked, e.g. `http://mcpnest-orchestrator:8421`, in place of the socket. It listens at its own `MCPNEST_HOST` and `MCPNEST_PORT`.',
    ),
  MCPNEST_RUNTIME: z
    .enum(['none', 'docker', 'kubernetes'], { error: 'must be none, docker or kubernetes' })
    .default('none')
    .describe('What runs hosted servers: `docker`, `kubernetes`, or `none`, and every server is a remote one.'),
  MCPNEST_KUBERNETES_NAMESPACE: namespace
    .default('mcpnest-hosted')
    .describe('Namespace for hosted servers, for `MCPNEST_RUNTIME=kubernetes`. It holds nothing else.'),
  MCPNEST_KUBERNETES_GATEWAY_NAMESPACE: namespace
    .default('mcpnest')
    .describe('Namespace this server runs in; only its pods there may reach hosted servers.'),
  MCPNEST_KUBERNETES_RUNTIME_CLASS: z
    .string()
    .optional()
    .describe('RuntimeClass of hosted servers, e.g. `gvisor`. Default: that of the cluster.'),
  MCPNEST_KUBERNETES_USER_NAMESPACES: flag
    .default(false)
    .describe('1 gives each hosted server a user namespace. Needs nodes that can map the ids of files.'),
  KUBECONFIG: z
    .string()
    .optional()
    .describe('File that names the cluster, outside of one. Default: the service account of the pod.'),
  KUBERNETES_SERVICE_HOST: z.string().optional().describe('Set by Kubernetes in every pod.'),
  KUBERNETES_SERVICE_PORT: z.string().optional().describe('Set by Kubernetes in every pod.'),
  MCPNEST_DOCKER_SOCKET: z
    .string()
    .regex(/^\//, 'must be the absolute path of a socket')
    .default('/var/run/docker.sock')
    .describe('Unix socket of the Docker Engine, for `MCPNEST_RUNTIME=docker`. Best an engine of its own, rootless.'),
  MCPNEST_SECRET_KEY: z
    .string()
    .optional()
    .describe('Master key, 64 hex characters (`openssl rand -hex 32`). Default: generated once into the data folder.'),
  MCPNEST_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be one of trace, debug, info, warn, error, fatal, silent',
    })
    .default('info')
    .describe('Least severe lines to log, as JSON on standard output.'),
  MCPNEST_ALLOW_INSECURE: flag
    .default(false)
    .describe('1 accepts a public address without https. Tokens then cross the network readable by anyone on the way.'),
  MCPNEST_ALLOWED_HOSTS: list
    .default([])
    .describe('Further values accepted in the Host header, comma-separated; the public URL is always accepted.'),
  MCPNEST_ALLOWED_ORIGINS: list
    .default([])
    .describe(
      'Further web origins whose pages may call this server, comma-separated, e.g. `https://tools.example.com`.',
    ),
  MCPNEST_TRUSTED_PROXIES: list
    .default([])
    .describe(
      'Addresses or CIDR blocks of the proxies in front, comma-separated. What they say in `X-Forwarded-For` is then where people sign in from, for limits and records; nobody else is believed.',
    ),
  MCPNEST_ADMIN_EMAIL: z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^[^\s@]+@[^\s@]+$/, 'must be an email address')
    .optional()
    .describe(
      'The first owner, where nobody opens the set-up link; with `MCPNEST_ADMIN_PASSWORD`. Ignored once an owner can sign in.',
    ),
  MCPNEST_ADMIN_PASSWORD: z
    .string()
    .min(12, 'must have at least 12 characters')
    .max(256, 'must have at most 256 characters')
    .optional()
    .describe(
      'Password of the first owner. Better as `MCPNEST_ADMIN_PASSWORD_FILE`; change it after the first sign-in.',
    ),
  MCPNEST_URL: z.string().optional().describe('Command line: the server to talk to instead of the local data folder.'),
  MCPNEST_API_KEY: z.string().optional().describe('Command line: the control API key (`mnk_…`) for `MCPNEST_URL`.'),
  MCPNEST_TOKEN: z
    .string()
    .optional()
    .describe('`mcpnest connect`: the gateway token (`mng_…`), in place of one kept in the keychain of this machine.'),
});

export type Values = z.output<typeof variables>;
export type VariableName = keyof Values;

/** Each of these may be given as `<name>_FILE` instead: the path of a file that holds the value. */
export const secretVariables: readonly VariableName[] = [
  'DATABASE_URL',
  'REDIS_URL',
  'MCPNEST_SECRET_KEY',
  'MCPNEST_ADMIN_PASSWORD',
  'MCPNEST_API_KEY',
  'MCPNEST_TOKEN',
];

export interface Problem {
  readonly variable: string;
  /** What is wrong and how to put it right. Never the value. */
  readonly message: string;
}

/**
 * Read every known variable. An empty one counts as not set.
 * @returns the values that are well-formed, and a problem for each that is not or whose name is unknown
 */
export function readVariables(environment: Environment): { values: Partial<Values>; problems: Problem[] } {
  const problems = unknownNames(environment);
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(variables.shape)) {
    const text = readText(environment, name as VariableName, problems);
    const result = schema.safeParse(text);
    if (result.success) values[name] = result.data;
    else problems.push({ variable: name, message: result.error.issues.map((issue) => issue.message).join('; ') });
  }
  return { values, problems };
}

function readText(environment: Environment, name: VariableName, problems: Problem[]): string | undefined {
  const text = emptyAsUnset(environment[name]);
  const file = secretVariables.includes(name) ? emptyAsUnset(environment[`${name}_FILE`]) : undefined;
  if (file === undefined) return text;
  const variable = `${name}_FILE`;
  if (text !== undefined) {
    problems.push({ variable, message: `is set beside ${name}; set one of the two` });
    return text;
  }
  try {
    const content = emptyAsUnset(readFileSync(file, 'utf8').trim());
    if (content === undefined) problems.push({ variable, message: `names an empty file (${file})` });
    return content;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    problems.push({ variable, message: `names a file that cannot be read (${file}: ${code ?? 'unknown error'})` });
    return undefined;
  }
}

const emptyAsUnset = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/** A misspelt variable would silently leave a default in force, so it stops the start. */
function unknownNames(environment: Environment): Problem[] {
  const known = [...Object.keys(variables.shape), ...secretVariables.map((name) => `${name}_FILE`)];
  return Object.keys(environment)
    .filter((name) => name.startsWith('MCPNEST_') && !name.startsWith('MCPNEST_TEST_') && !known.includes(name))
    .map((name) => {
      const withoutFile = name.replace(/_FILE$/, '');
      const [nearest] = known.includes(withoutFile)
        ? [withoutFile]
        : known.toSorted((a, b) => distance(name, a) - distance(name, b));
      return { variable: name, message: `is not a variable of MCPNest; did you mean ${nearest!}?` };
    });
}

/** Levenshtein distance: single-character edits from one text to the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, a] of from.split('').entries()) {
    const next = [i + 1];
    for (const [j, b] of to.split('').entries()) {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (a === b ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length]!;
}
