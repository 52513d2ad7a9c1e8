import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { invalidInput } from '../../../domain/errors.ts';
import { readCredential, type ClusterAccess } from './access.ts';

const named = <Value extends z.ZodType>(key: string, value: Value) =>
  z.array(z.object({ name: z.string(), [key]: value })).default([]);

const cluster = z.object({
  server: z.string(),
  'certificate-authority': z.string().optional(),
  'certificate-authority-data': z.string().optional(),
  'insecure-skip-tls-verify': z.boolean().optional(),
  'tls-server-name': z.string().optional(),
  'proxy-url': z.string().optional(),
});
const user = z.object({
  'client-certificate': z.string().optional(),
  'client-certificate-data': z.string().optional(),
  'client-key': z.string().optional(),
  'client-key-data': z.string().optional(),
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  exec: z.unknown().optional(),
  'auth-provider': z.unknown().optional(),
  username: z.string().optional(),
  impersonate: z.unknown().optional(),
  as: z.unknown().optional(),
});
const file = z.object({
  'current-context': z.string(),
  contexts: named('context', z.object({ cluster: z.string(), user: z.string() })),
  clusters: named('cluster', cluster),
  users: named('user', user),
});

/**
 * Access by the current context of a kubeconfig file (`v1.Config` of client-go).
 * @throws AppError `invalid_input` naming what is missing or not accepted: programs that are run for credentials,
 * passwords, proxies and servers whose certificate is not checked
 */
export function kubeconfigAccess(path: string): ClusterAccess {
  const config = readConfig(path);
  const current = config['current-context'];
  const context = pick(config.contexts, current, 'context') as { cluster: string; user: string };
  const to = pick(config.clusters, context.cluster, 'cluster') as z.output<typeof cluster>;
  const as = pick(config.users, context.user, 'user') as z.output<typeof user>;
  refuseWhatIsNotAccepted(to, as);

  const from = (name: string): string => resolve(dirname(path), name);
  const pem = (data: string | undefined, name: string | undefined): string | undefined =>
    data === undefined
      ? name === undefined
        ? undefined
        : readCredential(from(name))
      : Buffer.from(data, 'base64').toString('utf8');
  const cert = pem(as['client-certificate-data'], as['client-certificate']);
  const key = pem(as['client-key-data'], as['client-key']);
  if ((cert === undefined) !== (key === undefined)) {
    throw invalidInput('The user in KUBECONFIG has a client certificate without its key, or a key without one.');
  }
  const { token, tokenFile } = as;
  return {
    url: serverUrl(to.server),
    serverName: to['tls-server-name'],
    ca: pem(to['certificate-authority-data'], to['certificate-authority']),
    client: cert === undefined || key === undefined ? undefined : { cert, key },
    token:
      tokenFile === undefined ? (token === undefined ? undefined : () => token) : () => readCredential(from(tokenFile)),
  };
}

function readConfig(path: string): z.output<typeof file> {
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'), { maxAliasCount: 0 });
  } catch (error) {
    throw invalidInput(`KUBECONFIG names a file that cannot be read as YAML (${path}).`, [
      { path: 'KUBECONFIG', message: (error as NodeJS.ErrnoException).code ?? 'is not YAML' },
    ]);
  }
  const result = file.safeParse(content);
  if (result.success) return result.data;
  throw invalidInput(
    `KUBECONFIG names a file that is no kubeconfig (${path}).`,
    result.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message })),
  );
}

function pick(entries: readonly Readonly<Record<string, unknown>>[], name: string, kind: string): unknown {
  const found = entries.find((entry) => entry['name'] === name)?.[kind];
  if (found === undefined) throw invalidInput(`KUBECONFIG has no ${kind} '${name}'.`);
  return found;
}

function refuseWhatIsNotAccepted(to: z.output<typeof cluster>, as: z.output<typeof user>): void {
  const refused = [
    [as.exec !== undefined || as['auth-provider'] !== undefined, 'a program that makes credentials'],
    [as.username !== undefined, 'a password'],
    [as.as !== undefined || as.impersonate !== undefined, 'another user to act as'],
    [to['insecure-skip-tls-verify'] === true, 'a server whose certificate is not checked'],
    [to['proxy-url'] !== undefined, 'a proxy'],
  ] as const;
  for (const [is, what] of refused) {
    if (is) throw invalidInput(`KUBECONFIG asks for ${what}; use a token or a client certificate, and name the CA.`);
  }
}

function serverUrl(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  const local = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && local)) return url.href.replace(/\/$/, '');
  throw invalidInput('The server in KUBECONFIG must be an https URL, or http on loopback.');
}
