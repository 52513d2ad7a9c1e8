import { unavailable } from '../../domain/errors.ts';
import type { ProofAccess } from '../../platform/proof/access.ts';
import type { KeyRecord } from '../../platform/proof/frames.ts';

/** Every key of this node, oldest first. @throws AppError `unavailable` where the list of them is damaged */
export function keysOf({ keys }: Pick<ProofAccess, 'keys'>): KeyRecord[] {
  try {
    return keys.history();
  } catch (cause) {
    const message =
      'The list of keys of this node is damaged. Restore proof/keys.json of its data folder from a backup.';
    throw unavailable(message, { cause });
  }
}

/** The key that signs now; null before the first, and where the list is damaged, which stops the sealing, too. */
export function signingKey({ keys }: Pick<ProofAccess, 'keys'>): string | null {
  try {
    return keys.history().at(-1)?.publicKey ?? null;
  } catch {
    return null;
  }
}
