import { hash } from 'node:crypto';
import { canonicalText } from './canonical.ts';
import type { Snapshot, SnapshotHosted } from './snapshot.ts';

/**
 * All of a snapshot that a decision can rest on, as canonical text: without its version, so that versions that say the
 * same are equal, without token hashes and salts, of a credential only its id and the names of its headers, and of a hosted server not
 * where it runs. It may be kept as
 * long as records are, and nobody can call anything with it: what follows the path of a server's URL is left out, too.
 */
export function policyBody(of: Snapshot): string {
  const { version: _, argsSalts: __, ...snapshot } = of;
  return canonicalText({
    ...snapshot,
    tokens: snapshot.tokens.map(({ hash: ___, ...token }) => token),
    servers: snapshot.servers.map(({ credential, url, hosted, ...server }) => ({
      ...server,
      ...(hosted === undefined ? {} : { hosted: { instanceId: hosted.instanceId, memberId: hosted.memberId } }),
      url: url.replace(/[?#].*$/s, ''),
      credential:
        credential === null ? null : { id: credential.id, headers: credential.headers.map(({ name }) => name) },
    })),
  });
}

/** SHA-256 of a policy's canonical text, lower-case hex: names in a record what it was decided by. */
export const policyDigest = (body: string): string => hash('sha256', body, 'hex');

type KeptServer = Omit<Snapshot['servers'][number], 'credential' | 'hosted'> & {
  readonly hosted?: Pick<SnapshotHosted, 'instanceId' | 'memberId'>;
};
type KeptToken = Omit<Snapshot['tokens'][number], 'hash'>;

/** A kept policy as `decide` takes it: no token opens it, and no server of it can be reached. */
export function snapshotOf(body: string, version: number): Snapshot {
  const kept = JSON.parse(body) as Omit<Snapshot, 'version' | 'servers' | 'tokens'> & {
    readonly servers: readonly KeptServer[];
    readonly tokens: readonly KeptToken[];
  };
  return {
    ...kept,
    version,
    servers: kept.servers.map(({ hosted, ...server }) => ({
      ...server,
      ...(hosted === undefined ? {} : { hosted: { ...hosted, wakes: false, endpoint: null } }),
      credential: null,
    })),
    tokens: kept.tokens.map((token) => ({ ...token, hash: '' })),
  };
}
