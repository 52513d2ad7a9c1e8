import type { KeyRecord } from './frames.ts';
import { faultOfHistory } from './keys.ts';
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
  /** True: one of them was given; false: they come from what is verified and ought to be compared. */
  readonly pinned: boolean;
  readonly fault: string | undefined;
}

/**
 * Check the history of keys that comes with what is verified. A given key vouches for all of them: each signed its
 * successor, and each successor signed in turn.
 */
export function checkTrust(node: string, history: readonly KeyRecord[], given: readonly PublicKeyText[]): Trust {
  const publicKeys = history.map(({ publicKey }) => publicKey);
  const pinned = given.length > 0;
  const trusted = !pinned || given.some((key) => publicKeys.includes(key));
  return {
    publicKeys,
    pinned,
    fault: trusted
      ? guarded(() => faultOfHistory(node, history))
      : 'it was signed with none of the keys that were given',
  };
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
