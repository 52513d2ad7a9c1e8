import { join, resolve } from 'node:path';
import { invalidInput } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { classifyAddress } from '../platform/address-policy.ts';
import { isAddressBlock } from '../platform/client-address.ts';
import type { LogLevel } from '../platform/log.ts';
import { readVariables, secretVariables, variables, type Environment, type Problem, type Values } from './env.ts';
import { isOrchestratorAlone, roleProblems } from './roles.ts';
import { isExamplePassword, secretKeyProblem, type Secrets } from './secrets.ts';

/** What the process was told, with every default filled in. Holds no secret and may be printed. */
export interface Config {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Origin clients use, without a trailing slash; undefined = the address listened on. */
  readonly publicUrl: string | undefined;
  /** Absolute. */
  readonly dataDir: string;
  readonly database: { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres' };
  readonly logLevel: LogLevel;
  /** `host` or `host:port`, lower-case. */
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Addresses and CIDR blocks of those whose `X-Forwarded-For` counts. */
  readonly trustedProxies?: readonly string[];
  /** Whether credentials may cross networks unencrypted. */
  readonly allowInsecure?: boolean;
  /** The first owner, for a set-up without a person. */
  readonly adminEmail?: string | undefined;
  readonly kubernetes: KubernetesConfig;
  /** What runs hosted servers, and whether this process is who asks it to. */
  readonly runtime: Values['MCPNEST_RUNTIME'];
  readonly orchestrates: boolean;
  /** Whether control and gateway are in this process; where not, it is an orchestrator and nothing else. */
  readonly serves: boolean;
  /** Where an orchestrator in a process of its own is asked, by socket (absolute path) or by origin. */
  readonly orchestratorSocket: string | undefined;
  readonly orchestratorUrl: string | undefined;
  /** Absolute path. */
  readonly dockerSocket: string;
  /** Command line: the server to talk to. */
  readonly remoteUrl: string | undefined;
}

/** Where hosted servers run in Kubernetes, and how its API is reached. */
export interface KubernetesConfig {
  readonly namespace: string;
  readonly gatewayNamespace: string;
  readonly runtimeClass: string | undefined;
  readonly userNamespaces: boolean;
  /** Path of a kubeconfig; undefined: the service account of this pod. */
  readonly kubeconfig: string | undefined;
  /** Of the API server, as a pod is told. */
  readonly host: string | undefined;
  readonly port: string | undefined;
}

/**
 * Give the environment its meaning.
 * @throws AppError `invalid_input` that lists every problem at once, each with its remedy and without any value
 */
export function loadConfig(environment: Environment): { config: Config; secrets: Secrets } {
  const { values, problems } = readVariables(environment);
  problems.push(
    ...publicUrlProblems(values),
    ...listProblems(values),
    ...proxyProblems(values),
    ...roleProblems(values),
  );
  if (!problems.some(({ variable }) => variable.startsWith('MCPNEST_ADMIN_'))) problems.push(...adminProblems(values));
  const keyProblem = values.MCPNEST_SECRET_KEY === undefined ? undefined : secretKeyProblem(values.MCPNEST_SECRET_KEY);
  if (keyProblem !== undefined) problems.push({ variable: 'MCPNEST_SECRET_KEY', message: keyProblem });

  const dataDir = resolve(values.MCPNEST_DATA_DIR ?? './data');
  const database = readDatabaseUrl(values.DATABASE_URL ?? `sqlite:${join(dataDir, 'mcpnest.db')}`);
  if ('problem' in database) problems.push({ variable: 'DATABASE_URL', message: database.problem });

  if (problems.length > 0 || 'problem' in database) throw refusal(problems);
  const given = values as Values;
  return {
    config: {
      host: given.MCPNEST_HOST,
      port: given.MCPNEST_PORT,
      publicUrl: given.MCPNEST_PUBLIC_URL === undefined ? undefined : new URL(given.MCPNEST_PUBLIC_URL).origin,
      dataDir,
      database: database.config,
      logLevel: given.MCPNEST_LOG_LEVEL,
      allowedHosts: given.MCPNEST_ALLOWED_HOSTS,
      allowedOrigins: given.MCPNEST_ALLOWED_ORIGINS,
      trustedProxies: given.MCPNEST_TRUSTED_PROXIES,
      allowInsecure: given.MCPNEST_ALLOW_INSECURE,
      adminEmail: given.MCPNEST_ADMIN_EMAIL,
      kubernetes: {
        namespace: given.MCPNEST_KUBERNETES_NAMESPACE,
        gatewayNamespace: given.MCPNEST_KUBERNETES_GATEWAY_NAMESPACE,
        runtimeClass: given.MCPNEST_KUBERNETES_RUNTIME_CLASS,
        userNamespaces: given.MCPNEST_KUBERNETES_USER_NAMESPACES,
        kubeconfig: given.KUBECONFIG,
        host: given.KUBERNETES_SERVICE_HOST,
        port: given.KUBERNETES_SERVICE_PORT,
      },
      runtime: given.MCPNEST_RUNTIME,
      orchestrates: given.MCPNEST_ROLES?.includes('orchestrator') ?? given.MCPNEST_RUNTIME !== 'none',
      serves: given.MCPNEST_ROLES?.includes('control') ?? true,
      orchestratorSocket: given.MCPNEST_ORCHESTRATOR_SOCKET,
      orchestratorUrl:
        given.MCPNEST_ORCHESTRATOR_URL === undefined ? undefined : new URL(given.MCPNEST_ORCHESTRATOR_URL).origin,
      dockerSocket: given.MCPNEST_DOCKER_SOCKET,
      remoteUrl: given.MCPNEST_URL,
    },
    secrets: {
      secretKey: secret(given.MCPNEST_SECRET_KEY),
      databaseUrl: database.config.kind === 'postgres' ? secret(given.DATABASE_URL) : undefined,
      adminPassword: secret(given.MCPNEST_ADMIN_PASSWORD),
      apiKey: secret(given.MCPNEST_API_KEY),
    },
  };
}

/** One row per variable, in order, for the reference page. */
export function describeConfig(): { name: string; description: string; default: string; hasFileTwin: boolean }[] {
  return Object.entries(variables.shape).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined).data;
    return {
      name,
      description: schema.description!,
      default:
        fallback === undefined ? '' : typeof fallback === 'boolean' ? String(Number(fallback)) : String(fallback),
      hasFileTwin: secretVariables.some((variable) => variable === name),
    };
  });
}

const secret = (text: string | undefined): Secret | undefined => (text === undefined ? undefined : new Secret(text));

const refusal = (problems: readonly Problem[]): Error =>
  invalidInput(
    `MCPNest cannot start with this configuration:\n${problems.map((each) => `  ${each.variable} ${each.message}`).join('\n')}`,
    problems.map((each) => ({ path: each.variable, message: each.message })),
  );

/** Tokens must not cross a network in the clear unless somebody said so. */
function publicUrlProblems(values: Partial<Values>): Problem[] {
  const { MCPNEST_HOST: host, MCPNEST_PUBLIC_URL: text, MCPNEST_ALLOW_INSECURE: insecure } = values;
  const { MCPNEST_ROLES: roles } = values;
  const problems: Problem[] = [];
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  const variable = 'MCPNEST_PUBLIC_URL';
  if (
    text !== undefined &&
    (url === undefined || !/^https?:$/.test(url.protocol) || url.origin !== text.replace(/\/$/, '').toLowerCase())
  ) {
    problems.push({
      variable,
      message: 'must be an origin only: https://host[:port], no path, no query, no user name',
    });
  } else if (url?.protocol === 'http:' && !isLoopback(url.hostname) && insecure !== true) {
    problems.push({
      variable,
      message:
        'must begin with https://; put a TLS proxy in front, or set MCPNEST_ALLOW_INSECURE=1 to send tokens unencrypted',
    });
  }
  // What is asked of an orchestrator is signed; no credential crosses.
  if (isOrchestratorAlone(roles)) return problems;
  if (host !== undefined && !isLoopback(host) && text === undefined && insecure !== true) {
    problems.push({
      variable: 'MCPNEST_HOST',
      message:
        'is not a loopback address: set MCPNEST_PUBLIC_URL to the https:// address of the TLS proxy in front, ' +
        'or MCPNEST_ALLOW_INSECURE=1 to send tokens unencrypted',
    });
  }
  return problems;
}

function listProblems({ MCPNEST_ALLOWED_HOSTS: hosts, MCPNEST_ALLOWED_ORIGINS: origins }: Partial<Values>): Problem[] {
  const badHost = hosts?.find((host) => !/^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/.test(host));
  const badOrigin = origins?.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  return [
    ...(badHost === undefined
      ? []
      : [
          {
            variable: 'MCPNEST_ALLOWED_HOSTS',
            message: `holds '${badHost}', which is not host or host:port; wildcards are not supported`,
          },
        ]),
    ...(badOrigin === undefined
      ? []
      : [
          {
            variable: 'MCPNEST_ALLOWED_ORIGINS',
            message: `holds '${badOrigin}', which is not an origin such as https://tools.example.com`,
          },
        ]),
  ];
}

/** Whoever is believed by mistake chooses their own address: no name that may mean another tomorrow, and not everybody. */
function proxyProblems({ MCPNEST_TRUSTED_PROXIES: proxies }: Partial<Values>): Problem[] {
  const variable = 'MCPNEST_TRUSTED_PROXIES';
  const bad = proxies?.find((entry) => !isAddressBlock(entry));
  if (bad === undefined) return [];
  return [{ variable, message: `holds '${bad}', which is not an address or a CIDR block such as 10.0.0.0/8` }];
}

/** One of the two alone would set nobody up, without a word. */
function adminProblems({ MCPNEST_ADMIN_EMAIL: email, MCPNEST_ADMIN_PASSWORD: password }: Partial<Values>): Problem[] {
  if ((email === undefined) === (password === undefined)) return [];
  const [set, missing] =
    email === undefined
      ? ['MCPNEST_ADMIN_PASSWORD', 'MCPNEST_ADMIN_EMAIL']
      : ['MCPNEST_ADMIN_EMAIL', 'MCPNEST_ADMIN_PASSWORD_FILE'];
  return [{ variable: set, message: `needs ${missing} beside it` }];
}

function readDatabaseUrl(text: string): { config: Config['database'] } | { problem: string } {
  if (text.startsWith('sqlite:')) {
    const file = text.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
    if (file === '' || file === ':memory:') return { problem: 'must name a file: sqlite:<path>' };
    return { config: { kind: 'sqlite', file: resolve(file) } };
  }
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    return { problem: 'must be sqlite:<path> or postgres://user:password@host:port/database' };
  }
  const { password } = new URL(text);
  if (password !== '' && isExamplePassword(decodeURIComponent(password))) {
    return { problem: 'has an example password; set another in PostgreSQL and here: openssl rand -base64 24' };
  }
  return { config: { kind: 'postgres' } };
}

/** True when only programs on this machine can reach the host. */
export const isLoopback = (host: string): boolean =>
  host.toLowerCase() === 'localhost' || classifyAddress(host.replace(/^\[|\]$/g, '')) === 'loopback';
