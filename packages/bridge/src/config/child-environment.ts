import type { Environment } from './variables.ts';

/** What a child gets of the bridge's own environment without being asked: where things are and how text looks. */
const ordinary = [
  'HOME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'LOGNAME',
  'NODE_EXTRA_CA_CERTS',
  'PATH',
  'SHELL',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
  'TERM',
  'TMPDIR',
  'TZ',
  'USER',
];

/** Variables with this prefix are the child's, under the rest of their name. */
const prefix = 'MCP_ENV_';
const ownName = /^MCP_(BRIDGE_|ENV_|COMMAND$)/;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

export interface ChildEnvironment {
  /** All the child's variables; nothing else is inherited. */
  readonly variables: Readonly<Record<string, string>>;
  /** Values given for this child in particular, by name: credentials, as a rule, so they are blotted out in logs. */
  readonly given: Readonly<Record<string, string>>;
  /** What is wrong with what was asked for, as `[variable, problem]`. */
  readonly problems: readonly (readonly [string, string])[];
}

/** @returns what is wrong with a name for a variable of the child; undefined: nothing */
export function variableProblem(name: string): string | undefined {
  if (!variableName.test(name)) return 'is not the name of a variable';
  return ownName.test(name) ? 'is a setting of the bridge' : undefined;
}

/**
 * The environment of a child, from an allow-list.
 * @param passed names of variables that are handed on as they are
 * @param handed variables that did not come by the environment
 */
export function childEnvironment(
  environment: Environment,
  passed: readonly string[],
  handed: Readonly<Record<string, string>> = {},
): ChildEnvironment {
  const problems: [string, string][] = [];
  const given: Record<string, string> = {};
  for (const name of passed) {
    const value = environment[name];
    if (ownName.test(name)) problems.push(['MCP_BRIDGE_PASS_ENV', `must not name ${name}, a setting of the bridge`]);
    else if (value === undefined) problems.push(['MCP_BRIDGE_PASS_ENV', `names ${name}, which is not set`]);
    else given[name] = value;
  }
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(prefix) || value === undefined) continue;
    const inner = name.slice(prefix.length);
    if (variableProblem(inner) === undefined) given[inner] = value;
    else problems.push([name, 'does not end in the name of a variable']);
  }
  for (const [name, value] of Object.entries(handed)) {
    if (Object.hasOwn(given, name)) problems.push(['MCP_BRIDGE_SECRETS', `and the environment both set ${name}`]);
    given[name] = value;
  }
  const inherited = ordinary.flatMap((name): [string, string][] => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { variables: { ...Object.fromEntries(inherited), ...given }, given, problems };
}
