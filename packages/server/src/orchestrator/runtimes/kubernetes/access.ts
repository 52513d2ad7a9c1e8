import { readFileSync } from 'node:fs';
import { unavailable } from '../../../domain/errors.ts';

/** How the API server is reached and what opens it. */
export interface ClusterAccess {
  /** `https://host:port`; `http:` only for one on loopback (`kubectl proxy`). */
  readonly url: string;
  /** Name in the server's certificate where it is not that of the URL. */
  readonly serverName?: string | undefined;
  /** PEM; undefined: the roots Node knows. */
  readonly ca?: string | undefined;
  /** PEM of a client certificate and its key. */
  readonly client?: { readonly cert: string; readonly key: string } | undefined;
  /** The bearer token as it is now: files are read again, since the cluster rotates them. */
  readonly token?: (() => string) | undefined;
}

/** Where Kubernetes puts a pod's own credentials. */
export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The access every pod with a service account has.
 * @param at host and port from `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`
 * @throws AppError `unavailable` when the process is in no pod, or in one without a service account
 */
export function inClusterAccess(
  at: { readonly host: string | undefined; readonly port: string | undefined },
  folder = serviceAccountFolder,
): ClusterAccess {
  if (at.host === undefined || !/^\d{1,5}$/.test(at.port ?? '')) {
    throw unavailable(
      'This process is in no Kubernetes pod; run it in one, or set KUBECONFIG to a file that names one.',
    );
  }
  const host = at.host.includes(':') ? `[${at.host}]` : at.host;
  const token = () => readCredential(`${folder}/token`);
  token();
  return { url: `https://${host}:${at.port}`, ca: readCredential(`${folder}/ca.crt`), token };
}

/**
 * What a file holds, without the white space around it.
 * @throws AppError `unavailable` when it cannot be read
 */
export function readCredential(path: string): string {
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (text !== '') return text;
  } catch (error) {
    throw unavailable(remedy, { detail: `${path}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}` });
  }
  throw unavailable(remedy, { detail: `${path}: empty` });
}

const remedy =
  'A credential for the Kubernetes API cannot be read; give the pod its service account, or correct the paths in KUBECONFIG.';
