import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';

/**
 * Checkpoints as signed notes: C2SP `tlog-checkpoint` in the form of C2SP `signed-note`, signed with Ed25519 by a key
 * that is named as the log is.
 */

/** How many leaves a log had and what its root was then. */
export interface Checkpoint {
  /** Names the log. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** 32 bytes of an Ed25519 public key, in base64. */
export type PublicKeyText = string;

const ed25519 = 0x01;
const largestNote = 16 * 1024;
const form = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n\n((?:— [^\n]+\n)+)$/;
const signatureForm = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/;

/** Names a key in a note: the first four bytes of SHA-256(name, line feed, 0x01, public key). */
export const keyId = (name: string, publicKey: Buffer): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ed25519), publicKey]), 'buffer').subarray(0, 4);

/** The key as other tools for notes want it: `<name>+<key id>+<base64(0x01, public key)>`. */
export function verifierKey(name: string, publicKey: PublicKeyText): string {
  const bytes = Buffer.from(publicKey, 'base64');
  return `${name}+${keyId(name, bytes).toString('hex')}+${Buffer.concat([Buffer.of(ed25519), bytes]).toString('base64')}`;
}

/** The 32 bytes of a public key. */
export const rawPublicKey = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url');

/** @throws Error when the text is no Ed25519 public key */
export function importPublicKey(text: PublicKeyText): KeyObject {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32) throw new Error('An Ed25519 public key has 32 bytes.');
  return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') } });
}

/** Write and sign a checkpoint. The same key and checkpoint always give the same note. */
export function signCheckpoint({ origin, size, root }: Checkpoint, privateKey: KeyObject): string {
  const text = `${origin}\n${size}\n${root.toString('base64')}\n`;
  const signature = sign(null, Buffer.from(text), privateKey);
  const id = keyId(origin, rawPublicKey(createPublicKey(privateKey)));
  return `${text}\n— ${origin} ${Buffer.concat([id, signature]).toString('base64')}\n`;
}

/** A checkpoint whose signature is good, and who signed it. */
export interface OpenedCheckpoint extends Checkpoint {
  readonly signedBy: PublicKeyText;
}

/**
 * Read a checkpoint and check its signature. Signatures of keys that are not given are ignored, as the standard asks;
 * one of a given key that does not hold spoils the note.
 * @throws Error that says what is wrong
 */
export function openCheckpoint(note: string, keys: readonly PublicKeyText[]): OpenedCheckpoint {
  const match = note.length > largestNote ? null : form.exec(note);
  if (match === null) throw new Error('it does not have the form of a checkpoint');
  const [, origin, size, rootText, signatures] = match as unknown as [string, string, string, string, string];
  const root = Buffer.from(rootText, 'base64');
  if (root.toString('base64') !== rootText || !Number.isSafeInteger(Number(size)))
    throw new Error('it does not have the form of a checkpoint');
  const text = Buffer.from(`${origin}\n${size}\n${rootText}\n`);
  let signedBy: PublicKeyText | undefined;
  for (const line of signatures.trimEnd().split('\n')) {
    const parts = signatureForm.exec(line);
    if (parts === null) throw new Error('a signature line does not have its form');
    const bytes = Buffer.from(parts[2]!, 'base64');
    if (parts[1] !== origin || bytes.length !== 4 + 64) continue;
    if (bytes.toString('base64') !== parts[2]) throw new Error('a signature line does not have its form');
    const key = keys.find((each) => keyId(origin, Buffer.from(each, 'base64')).equals(bytes.subarray(0, 4)));
    if (key === undefined) continue;
    if (!verify(null, text, importPublicKey(key), bytes.subarray(4))) throw new Error('its signature is wrong');
    signedBy = key;
  }
  if (signedBy === undefined) throw new Error('no key that is known has signed it');
  return { origin, size: Number(size), root, signedBy };
}

/** What a checkpoint says, its signature unchecked; undefined when it does not have the form. */
export function readCheckpoint(note: string): Checkpoint | undefined {
  const match = form.exec(note);
  if (match === null) return undefined;
  return { origin: match[1]!, size: Number(match[2]), root: Buffer.from(match[3]!, 'base64') };
}

const oneOfMany = /[^\n]+\n\d+\n[^\n]+\n\n(?:— [^\n]+\n)+/g;

/** The notes of a text in which one stands after another; what is no note is passed over. */
export const splitNotes = (text: string): string[] => text.match(oneOfMany) ?? [];
