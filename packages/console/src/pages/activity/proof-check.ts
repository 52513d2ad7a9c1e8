import type { AnswerOf } from '../../api/queries.ts';

export type CallProof = AnswerOf<'proofs', 'show'>;

/** What a proof that holds says. */
export interface Proved {
  readonly lines: number;
  /** Records under the checkpoint. */
  readonly size: number;
  /** The key that signed it, in base64. */
  readonly key: string;
}

type Bytes = Uint8Array<ArrayBuffer>;

const utf8 = new TextEncoder();

/**
 * Check a proof of a call in this browser by the standards it names: RFC 9162 section 2.1.3 for the paths, C2SP
 * signed-note and tlog-checkpoint for the checkpoint, Ed25519 for its signature. The keys are those the proof brings.
 * @throws Error saying what does not hold; also where the browser knows no Ed25519
 */
export async function checkCallProof(proof: CallProof, call: string): Promise<Proved> {
  if (proof.callId !== call || proof.records.length === 0) throw new Error('it is of another call');
  const note = await openNote(
    proof.checkpoint,
    proof.keys.map(({ publicKey }) => publicKey),
  );
  for (const { leaf, line, path } of proof.records) {
    const record = JSON.parse(line) as { callId?: unknown };
    if (record.callId !== call) throw new Error('a line is of another call');
    const hash = await sha256(Uint8Array.of(0), utf8.encode(line));
    const root = await rootFrom(hash, leaf, note.size, path.map(fromBase64));
    if (toBase64(root) !== note.root) throw new Error('a line does not lead to the signed checkpoint');
  }
  return { lines: proof.records.length, size: note.size, key: note.key };
}

/** RFC 9162, 2.1.3.1 read backwards: the last sibling is the one beside the largest subtree. */
async function rootFrom(hash: Bytes, index: number, size: number, siblings: readonly Bytes[]): Promise<Bytes> {
  if (index >= size) throw new Error('a line has no place in the log');
  if (size === 1) {
    if (siblings.length > 0) throw new Error('a path is too long');
    return hash;
  }
  const sibling = siblings.at(-1);
  if (sibling === undefined) throw new Error('a path is too short');
  let left = 1;
  while (left * 2 < size) left *= 2;
  const rest = siblings.slice(0, -1);
  return index < left
    ? sha256(Uint8Array.of(1), await rootFrom(hash, index, left, rest), sibling)
    : sha256(Uint8Array.of(1), sibling, await rootFrom(hash, index - left, size - left, rest));
}

interface Note {
  readonly size: number;
  readonly root: string;
  readonly key: string;
}

async function openNote(note: string, keys: readonly string[]): Promise<Note> {
  const [origin = '', size = '', root = '', empty, line = ''] = note.split('\n');
  const [name, signature = ''] = line.slice(2).split(' ');
  if (empty !== '' || !line.startsWith('— ') || name !== origin || !/^\d+$/.test(size))
    throw new Error('its checkpoint is no signed note');
  const signed = fromBase64(signature);
  const body = utf8.encode(`${origin}\n${size}\n${root}\n`);
  for (const key of keys) {
    const raw = fromBase64(key);
    const id = (await sha256(utf8.encode(`${origin}\n`), Uint8Array.of(1), raw)).slice(0, 4);
    if (toBase64(id) !== toBase64(signed.slice(0, 4))) continue;
    const publicKey = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
    if (await crypto.subtle.verify('Ed25519', publicKey, signed.slice(4), body))
      return { size: Number(size), root, key };
    throw new Error('the signature of its checkpoint is wrong');
  }
  throw new Error('its checkpoint is signed by a key it does not bring');
}

async function sha256(...parts: readonly Bytes[]): Promise<Bytes> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
}

const fromBase64 = (text: string): Bytes => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const toBase64 = (bytes: Bytes): string => btoa(String.fromCharCode(...bytes));
