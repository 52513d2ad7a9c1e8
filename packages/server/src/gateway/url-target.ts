import { notFound } from '../domain/errors.ts';

/** What a URL of the gateway names. */
export interface UrlTarget {
  readonly workspace: string;
  readonly server: string | undefined;
}

const pathForm = /^\/api\/gw\/([a-z0-9-]{1,64})(?:\/([a-z0-9-]{1,64}))?\/?(?:\?.*)?$/;

/** What URLs mean; a few of them are nearly every request's. */
const targets = new Map<string, UrlTarget>();
const mostTargets = 1_000;

/** @throws AppError `not_found` */
export function parsePath(url: string): UrlTarget {
  const known = targets.get(url);
  if (known !== undefined) return known;
  const match = pathForm.exec(url);
  if (match === null) throw notFound('endpoint', url.split('?', 1)[0]!.slice(0, 128));
  const target = { workspace: match[1]!, server: match[2] };
  if (targets.size >= mostTargets) targets.clear();
  if (url.length <= 256) targets.set(url, target);
  return target;
}
