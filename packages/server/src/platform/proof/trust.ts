import type { KeyRecord } from './frames.ts';
import { faultOfHistory, isUnvouched } from './keys.ts';
import { importPublicKey, keyId, openCheckpoint, type OpenedCheckpoint, type PublicKeyText } from './note.ts';

/** What whoever verifies brings along. */
export interface TrustGiven {
  /** Checkpoints from elsewhere, each a signed note. */
  readonly checkpoints: readonly string[];
  /** Public keys they hold, as `publicKeyOf` reads them; none: those of the bundle are taken, and shown. */
  readonly keys: readonly PublicKeyText[];
}

/** Which keys may have signed. */
export interface Trust {
  /** Oldest first. */
  readonly publicKeys: readonly PublicKeyText[];
  /**
   * Those that may have signed the checkpoint everything leads to: none that was replaced before the first that was
   * given, since whoever has got hold of one that was replaced could sign with it for ever.
   */
  readonly signers: readonly PublicKeyText[];
  /** Since when keys sign that nobody vouches for, because the one before was lost. */
  readonly unvouched: readonly string[];
  /** True: one of them was given; false: they come from what is verified and ought to be compared. */
  readonly pinned: boolean;
  readonly fault: string | undefined;
}

/**
 * Check the history of keys that comes with what is verified. A given key vouches for those before it, which it names
 * through its predecessors, and for those after it, until one follows that the key before has not signed.
 */
export function checkTrust(node: string, history: readonly KeyRecord[], given: readonly PublicKeyText[]): Trust {
  const publicKeys = history.map(({ publicKey }) => publicKey);
  const pinned = given.length > 0;
  const places = given.map((key) => publicKeys.indexOf(key)).filter((place) => place !== -1);
  return {
    publicKeys,
    signers: pinned ? publicKeys.slice(Math.min(...places)) : publicKeys,
    unvouched: history.filter(isUnvouched).map(({ since }) => since),
    pinned,
    fault: (pinned ? faultOfPlaces(history, places) : undefined) ?? guarded(() => faultOfHistory(node, history)),
  };
}

function faultOfPlaces(history: readonly KeyRecord[], places: readonly number[]): string | undefined {
  if (places.length === 0) return 'it was signed with none of the keys that were given';
  const lost = history.findLastIndex(isUnvouched);
  return Math.max(...places) < lost
    ? `nobody vouches for the key of ${history[lost]!.since}, because the one before it was lost; if you trust it, give it as well`
    : undefined;
}

function guarded(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch {
    return 'the keys do not have their form';
  }
}

/** @throws Error when one of the checkpoints is not signed by one of the keys */
export const openOthers = (notes: readonly string[], keys: readonly PublicKeyText[]): OpenedCheckpoint[] =>
  notes.map((note) => {
    try {
      return openCheckpoint(note, keys);
    } catch (error) {
      throw new Error(`A checkpoint that was given is no good: ${(error as Error).message}.`, { cause: error });
    }
  });

/** Two signed checkpoints of one log and size that contradict each other: whatever is verified, the log was forked. */
export function findFork(notes: readonly OpenedCheckpoint[]): { log: string; reason: string } | undefined {
  const roots = new Map<string, Buffer>();
  for (const { origin, size, root } of notes) {
    const place = `${origin} ${size}`;
    if (roots.get(place)?.equals(root) === false)
      return {
        log: origin,
        reason: `two checkpoints of ${size} records with different roots were signed: the log was forked`,
      };
    roots.set(place, root);
  }
  return undefined;
}

export const replacedSigner =
  'the checkpoint is signed with a key that was replaced before the one that was given; if you trust it, give it as well';

/**
 * Read a public key: 32 bytes in base64, or a verifier key of a signed note (`<name>+<key id>+<base64>`).
 * @throws Error when it is neither
 */
export function publicKeyOf(text: string): PublicKeyText {
  const parts = /^(.+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim());
  if (parts === null) {
    importPublicKey(text.trim());
    return text.trim();
  }
  const bytes = Buffer.from(parts[3]!, 'base64');
  if (bytes[0] !== 1 || bytes.length !== 33 || keyId(parts[1]!, bytes.subarray(1)).toString('hex') !== parts[2])
    throw new Error('The verifier key does not have its form.');
  return bytes.subarray(1).toString('base64');
}
