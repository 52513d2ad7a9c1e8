import { createPrivateKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isoTime } from '../clock.ts';
import { createSealedText } from '../sealed-text.ts';
import { keyRecord, type KeyRecord } from './frames.ts';
import { importPublicKey, rawPublicKey, type PublicKeyText } from './note.ts';
import { readIfThere, replaceFile, syncFolder } from './replace-file.ts';

/**
 * The keys a node signs its checkpoints with. The private one lies sealed in the data folder, never in the database;
 * the public ones lie beside it, each vouched for by the one before.
 */

/** What both keys sign when one follows the other. */
export const rotationText = (
  node: string,
  { publicKey, since, previous }: Pick<KeyRecord, 'publicKey' | 'since' | 'previous'>,
): string => `mcpnest-key/1\n${node}\n${since}\n${previous ?? '-'}\n${publicKey}\n`;

/** Whether nobody vouches for a key, because the one before it was lost. */
export const isUnvouched = ({ previous, signedByPrevious }: KeyRecord): boolean =>
  previous !== null && signedByPrevious === null;

/**
 * Check that every key follows the one before, and was vouched for by it unless that was lost.
 * @returns what is wrong with the first of which that is not so
 */
export function faultOfHistory(node: string, history: readonly KeyRecord[]): string | undefined {
  let before: PublicKeyText | null = null;
  for (const record of history) {
    const text = Buffer.from(rotationText(node, record));
    const signed = (key: PublicKeyText, signature: string | null): boolean =>
      signature !== null && verify(null, text, importPublicKey(key), Buffer.from(signature, 'base64'));
    if (record.previous !== before) return `the key of ${record.since} does not follow the one before it`;
    if (!signed(record.publicKey, record.signedByThis)) return `the key of ${record.since} has not signed its record`;
    if (before !== null && !isUnvouched(record) && !signed(before, record.signedByPrevious))
      return `the key of ${record.since} is not vouched for by the one before it`;
    before = record.publicKey;
  }
  return history.length === 0 ? 'there is no key' : undefined;
}

export interface ProofKeys {
  /** The key that signs now; made at the first use. @throws Error when it is gone or cannot be opened */
  current(): { readonly privateKey: KeyObject; readonly publicKey: PublicKeyText };
  /** The key that is there; undefined when none is. @throws Error when it cannot be opened */
  held(): PublicKeyText | undefined;
  /** Every key so far, oldest first. */
  history(): KeyRecord[];
  /**
   * Sign with a new key from now on.
   * @param lost the key before is gone: nobody vouches for the new one, and whoever verifies must be given it
   * @throws Error when the key before is gone and that was not said
   */
  rotate(now: number, lost?: boolean): KeyRecord;
}

const sealContext = 'proof/key';

export interface KeyFiles {
  /** The data folder: holds `proof-key`. */
  readonly dataDir: string;
  /** 32 bytes that seal the private key: from `vault.deriveKey('proof')`. */
  readonly sealingKey: Buffer;
  readonly nodeId: string;
  readonly now: () => number;
}

/** The keys of a data folder; read anew at every use, so that another process may rotate them. */
export function openProofKeys({ dataDir, sealingKey, nodeId, now }: KeyFiles): ProofKeys {
  const sealed = createSealedText(sealingKey);
  const privatePath = join(dataDir, 'proof-key');
  /** A key on its way: the one that signs as soon as the list names it. */
  const nextPath = `${privatePath}.next`;
  const historyPath = join(dataDir, 'proof', 'keys.json');

  const history = (): KeyRecord[] => {
    const text = readIfThere(historyPath);
    if (text === undefined) return [];
    const read = keyRecord.array().safeParse(jsonOf(text));
    if (!read.success) throw new Error(`The list of keys ${historyPath} is damaged. Restore it from a backup.`);
    return read.data;
  };

  function current(): ReturnType<ProofKeys['current']> {
    const known = history();
    const text = readIfThere(privatePath);
    const next = readIfThere(nextPath);
    // A crash came between the list and the key it names.
    if (next !== undefined && publicTextOf(openKey(next)) === known.at(-1)?.publicKey) {
      takeOver();
      return current();
    }
    if (text === undefined) {
      if (known.length === 0) {
        const made = make(null, undefined, []);
        return { privateKey: made.privateKey, publicKey: made.record.publicKey };
      }
      throw new Error(
        `The proof key ${privatePath} is gone. Restore it from a backup, or: mcpnest audit key rotate --lost`,
      );
    }
    const privateKey = openKey(text);
    return { privateKey, publicKey: publicTextOf(privateKey) };
  }

  /** Let the next key sign; another process may have done it. */
  function takeOver(): void {
    try {
      renameSync(nextPath, privatePath);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    syncFolder(dataDir);
  }

  function openKey(text: string): KeyObject {
    const der = sealed.open(text.trim(), sealContext);
    if (der === undefined)
      throw new Error(
        `The proof key ${privatePath} cannot be opened with this secret key. Put the right secret key back, or restore the file.`,
      );
    return createPrivateKey({ key: Buffer.from(der, 'base64'), format: 'der', type: 'pkcs8' });
  }

  function make(
    before: KeyObject | null,
    previous: PublicKeyText | undefined,
    known: readonly KeyRecord[],
    at = now(),
  ) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const head = { publicKey: publicTextOf(privateKey), since: isoTime(at), previous: previous ?? null };
    const text = Buffer.from(rotationText(nodeId, head));
    const record: KeyRecord = {
      ...head,
      signedByPrevious: before === null ? null : sign(null, text, before).toString('base64'),
      signedByThis: sign(null, text, privateKey).toString('base64'),
    };
    mkdirSync(join(dataDir, 'proof'), { recursive: true, mode: 0o700 });
    const der = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    replaceFile(nextPath, `${sealed.seal(der, sealContext)}\n`);
    replaceFile(historyPath, `${JSON.stringify([...known, record], null, 2)}\n`);
    takeOver();
    return { privateKey, record };
  }

  return {
    current,
    held() {
      const text = readIfThere(privatePath);
      return text === undefined ? undefined : publicTextOf(openKey(text));
    },
    history,
    rotate(at, lost = false) {
      const known = history();
      if (lost) return make(null, known.at(-1)?.publicKey, known, at).record;
      const { privateKey, publicKey } = current();
      return make(privateKey, publicKey, history(), at).record;
    },
  };
}

const publicTextOf = (privateKey: KeyObject): PublicKeyText => rawPublicKey(privateKey).toString('base64');

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
