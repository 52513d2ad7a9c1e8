import { createHash, createPublicKey, verify } from 'node:crypto';

/**
 * Checks proof bundles and proofs of calls a second time, written from the standards alone: RFC 9162 section 2.1,
 * C2SP signed-note and tlog-checkpoint, and docs/proof.md for the files. It shares no code with the product and takes
 * another way: it keeps everything in memory and computes the tree by the recursive definition.
 */

export interface OutsideTrust {
  /** Raw Ed25519 public keys in base64; none: what the file says. */
  readonly keys?: readonly string[];
  /** Notes from elsewhere. */
  readonly checkpoints?: readonly string[];
}

interface Note {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
}

interface KeyLine {
  readonly publicKey: string;
  readonly since: string;
  readonly previous: string | null;
  readonly signedByPrevious: string | null;
  readonly signedByThis: string;
}

const sha256 = (...parts: readonly (Buffer | string)[]): Buffer => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
};

/** Throws an Error that says what is wrong; returns the number of records it found good. */
export function checkBundle(bytes: Buffer, trust: OutsideTrust = {}): number {
  const text = bytes.toString('latin1');
  if (!text.endsWith('\n')) throw new Error('cut off');
  const lines = text.slice(0, -1).split('\n');
  const head = parse(lines.shift()!) as { bundle: string; node: string; keys: KeyLine[] };
  if (head.bundle !== 'mcpnest-bundle/1') throw new Error('no bundle');
  const keys = checkKeys(head.node, head.keys, trust.keys);
  const others = (trust.checkpoints ?? []).map((note) => openNote(note, keys));
  const signers = notReplaced(keys, trust.keys);
  let log: OpenLog | undefined;
  let records = 0;
  let logs = 0;
  let ended = false;
  for (const line of lines) {
    if (ended) throw new Error('something after the end');
    if (line.startsWith('{"v":')) {
      if (log === undefined) throw new Error('record outside a log');
      if (log.size < log.from || log.size >= log.to || log.to > log.note.size) throw new Error('outside the range');
      log.leaves.push({ line, at: log.size });
      log.size++;
      records++;
      continue;
    }
    const frame = parse(line) as Record<string, never> & {
      log?: { origin: string; from: number; to: number; size: number };
      checkpoint?: string;
      subtrees?: { from: number; to: number; why: string; hashes: string[] };
      leaves?: { from: number; hashes: string };
      consistency?: { older: number; hashes: string[] };
      end?: { logs: number; records: number };
    };
    onlyKnown(frame);
    if (frame.leaves !== undefined) {
      const { from, hashes } = frame.leaves;
      const of = log!.leaves.filter(({ at }) => at >= from);
      if (Buffer.concat(of.map(({ line: each }) => leaf(each))).toString('base64') !== hashes)
        throw new Error('leaf hashes differ');
    } else if (frame.subtrees !== undefined) {
      takeSubtrees(log!, frame.subtrees);
    } else if (frame.consistency !== undefined) {
      log!.grewFrom.set(frame.consistency.older, frame.consistency.hashes);
    } else if (frame.log !== undefined) {
      if (log !== undefined) closeLog(log, head.node);
      const note = openNote(frame.checkpoint!, signers);
      if (note.origin !== frame.log.origin || note.size !== frame.log.size) throw new Error('another checkpoint');
      const ofLog = others.filter((other) => other.origin === note.origin);
      log = {
        ...frame.log,
        note,
        others: ofLog,
        leaves: [],
        given: new Map(),
        grewFrom: new Map(),
        size: 0,
        purgedTo: 0,
      };
      log.end = frame.log.size;
      logs++;
    } else if (frame.end !== undefined) {
      if (log !== undefined) closeLog(log, head.node);
      log = undefined;
      if (frame.end.logs !== logs || frame.end.records !== records) throw new Error('not complete');
      ended = true;
    } else throw new Error('unknown line');
  }
  if (!ended) throw new Error('no end');
  return records;
}

interface OpenLog {
  readonly origin: string;
  readonly from: number;
  readonly to: number;
  readonly note: Note;
  readonly others: readonly Note[];
  readonly leaves: { readonly line: string; readonly at: number }[];
  /** Hashes of subtrees by `from-to`. */
  readonly given: Map<string, Buffer>;
  /** Consistency proofs, by the size of the older tree. */
  readonly grewFrom: Map<number, string[]>;
  /** Leaves accounted for. */
  size: number;
  end?: number;
  purgedTo: number;
}

function takeSubtrees(log: OpenLog, part: { from: number; to: number; why: string; hashes: string[] }): void {
  if (part.from !== log.size) throw new Error('not in order');
  const outside = part.to <= log.from || part.from >= log.to;
  if (outside ? part.why !== 'outside' : part.why !== 'purged') throw new Error('records left out');
  let at = part.from;
  for (const text of part.hashes) {
    let width = 1;
    while (at % (2 * width) === 0 && at + 2 * width <= part.to) width *= 2;
    const hash = Buffer.from(text, 'base64');
    if (hash.length !== 32 || hash.toString('base64') !== text) throw new Error('no hash');
    log.given.set(`${at}-${at + width}`, hash);
    at += width;
  }
  if (at !== part.to) throw new Error('hashes do not cover the range');
  log.size = at;
  if (part.why === 'purged') log.purgedTo = at;
}

function closeLog(log: OpenLog, node: string): void {
  if (log.size !== log.end || log.origin.split('/')[1] !== node) throw new Error('log incomplete');
  const byPlace = new Map(log.leaves.map(({ at, line }) => [at, line]));
  const treeHash = (from: number, to: number): Buffer => {
    const given = log.given.get(`${from}-${to}`);
    if (given !== undefined) return given;
    if (to - from === 0) return sha256();
    if (to - from === 1) {
      const line = byPlace.get(from);
      if (line === undefined) throw new Error(`leaf ${from} is missing`);
      return leaf(line);
    }
    let k = 1;
    while (k * 2 < to - from) k *= 2;
    return sha256(Buffer.of(1), treeHash(from, from + k), treeHash(from + k, to));
  };
  if (treeHash(0, log.size).toString('base64') !== log.note.root) throw new Error('another root');
  for (const { size, root } of log.others) {
    if (size > log.size) throw new Error('set back');
    const proof = log.grewFrom.get(size);
    if (proof === undefined) {
      if (treeHash(0, size).toString('base64') !== root) throw new Error('forked');
      continue;
    }
    const path = proof.map((each) => Buffer.from(each, 'base64'));
    const [before, after] = rootsFrom(size, log.size, Buffer.from(root, 'base64'), path, true);
    if (path.length > 0 || before.toString('base64') !== root || after.toString('base64') !== log.note.root)
      throw new Error('forked');
  }
  if (log.purgedTo > 0) {
    const root = treeHash(0, log.purgedTo).toString('base64');
    const said = log.leaves.some(({ line }) => {
      const record = parse(line) as { kind: string; to?: number; root?: string };
      return record.kind === 'purge' && record.to === log.purgedTo && record.root === root;
    });
    if (!said) throw new Error('a purge nobody recorded');
  }
  let last = [0, 0] as readonly [number, number];
  for (const { line } of log.leaves) {
    const { node: of, epoch, seq } = parse(line) as { node: string; epoch: number; seq: number };
    if (of !== node || epoch < last[0] || (epoch === last[0] && seq <= last[1])) throw new Error('out of order');
    last = [epoch, seq];
  }
}

/**
 * RFC 9162, 2.1.4.1 read backwards: SUBPROOF(m, D[n], whole) is taken from the front of the path, and gives the roots of
 * the first m leaves and of all n.
 */
function rootsFrom(m: number, n: number, known: Buffer, path: Buffer[], whole: boolean): readonly [Buffer, Buffer] {
  if (m === n) {
    const root = whole ? known : path.shift();
    if (root === undefined) throw new Error('the path is too short');
    return [root, root];
  }
  let k = 1;
  while (k * 2 < n) k *= 2;
  const [before, after] = m <= k ? rootsFrom(m, k, known, path, whole) : rootsFrom(m - k, n - k, known, path, false);
  const sibling = path.shift();
  if (sibling === undefined) throw new Error('the path is too short');
  return m <= k
    ? [before, sha256(Buffer.of(1), after, sibling)]
    : [sha256(Buffer.of(1), sibling, before), sha256(Buffer.of(1), sibling, after)];
}

/** Throws an Error that says what is wrong with a proof of a call. */
export function checkInclusion(text: string, trust: OutsideTrust = {}): void {
  const proof = parse(Buffer.from(text).toString('latin1')) as {
    proof: string;
    node: string;
    callId: string;
    records: { leaf: number; line: string; path: string[] }[];
    checkpoint: string;
    keys: KeyLine[];
  };
  if (proof.proof !== 'mcpnest-inclusion/1') throw new Error('no proof');
  const keys = checkKeys(proof.node, proof.keys, trust.keys);
  const note = openNote(proof.checkpoint, notReplaced(keys, trust.keys));
  for (const other of trust.checkpoints ?? []) {
    const { origin, size, root } = openNote(other, keys);
    if (origin === note.origin && size === note.size && root !== note.root) throw new Error('forked');
  }
  for (const [i, { leaf: index, line, path }] of proof.records.entries()) {
    if (!/^[ -~]*$/.test(line)) throw new Error('not ASCII');
    const record = parse(line) as { kind: string; callId: string; workspaceId?: string };
    if (record.callId !== proof.callId) throw new Error('another call');
    if (i === 0 && note.origin !== `mcpnest/${proof.node}/${record.workspaceId}`) throw new Error('another workspace');
    if ((i === 1) !== (record.kind === 'outcome')) throw new Error('another kind');
    const siblings = path.map((each) => {
      const hash = Buffer.from(each, 'base64');
      if (hash.length !== 32 || hash.toString('base64') !== each) throw new Error('no hash');
      return hash;
    });
    if (rootFrom(leaf(line), index, note.size, siblings).toString('base64') !== note.root)
      throw new Error('another root');
  }
}

/** RFC 9162, 2.1.3.1 read backwards: the last sibling is the one beside the largest subtree. */
function rootFrom(hash: Buffer, index: number, size: number, siblings: readonly Buffer[]): Buffer {
  if (index >= size) throw new Error('no such leaf');
  if (size === 1) {
    if (siblings.length > 0) throw new Error('the path is too long');
    return hash;
  }
  const sibling = siblings.at(-1);
  if (sibling === undefined) throw new Error('the path is too short');
  let k = 1;
  while (k * 2 < size) k *= 2;
  const rest = siblings.slice(0, -1);
  return index < k
    ? sha256(Buffer.of(1), rootFrom(hash, index, k, rest), sibling)
    : sha256(Buffer.of(1), sibling, rootFrom(hash, index - k, size - k, rest));
}

const leaf = (line: string): Buffer => sha256(Buffer.of(0), Buffer.from(line, 'latin1'));

function checkKeys(node: string, history: readonly KeyLine[], pinned: readonly string[] = []): string[] {
  const keys = history.map(({ publicKey }) => publicKey);
  const given = keys.filter((key) => pinned.includes(key));
  if (pinned.length > 0 && given.length === 0) throw new Error('another key');
  let before: string | null = null;
  for (const [i, { publicKey, since, previous, signedByPrevious, signedByThis }] of history.entries()) {
    const text = `mcpnest-key/1\n${node}\n${since}\n${previous ?? '-'}\n${publicKey}\n`;
    if (previous !== before || !signed(publicKey, text, signedByThis)) throw new Error('key not signed');
    const lost = before !== null && signedByPrevious === null;
    if (!lost && (before === null ? signedByPrevious !== null : !signed(before, text, signedByPrevious!)))
      throw new Error('key not vouched for');
    // After a key that was lost, this one or a later one must be known.
    if (lost && given.length > 0 && keys.indexOf(given.at(-1)!) < i) throw new Error('key not vouched for');
    before = publicKey;
  }
  return keys;
}

/** A key that was replaced before the first one that is trusted may sign nothing that counts today. */
const notReplaced = (keys: readonly string[], pinned: readonly string[] = []): readonly string[] =>
  pinned.length === 0 ? keys : keys.slice(keys.findIndex((key) => pinned.includes(key)));

function signed(key: string, text: string, signature: string): boolean {
  // The fixed beginning of an Ed25519 key in DER (RFC 8410).
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(key, 'base64')]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const bytes = Buffer.from(signature, 'base64');
  return bytes.toString('base64') === signature && verify(null, Buffer.from(text), publicKey, bytes);
}

function openNote(note: string, keys: readonly string[]): Note {
  const [origin, size, root, empty, line, ...rest] = note.split('\n') as [string, string, string, string, string];
  if (empty !== '' || rest.join() !== '' || !line.startsWith('— ')) throw new Error('no note');
  const [name, signature] = line.slice(2).split(' ') as [string, string];
  const bytes = Buffer.from(signature, 'base64');
  if (name !== origin || bytes.length !== 68 || !/^\d+$/.test(size)) throw new Error('no note');
  const body = `${origin}\n${size}\n${root}\n`;
  for (const key of keys) {
    const raw = Buffer.from(key, 'base64');
    if (!sha256(`${name}\n`, Buffer.of(1), raw).subarray(0, 4).equals(bytes.subarray(0, 4))) continue;
    if (bytes.toString('base64') !== signature || !signed(key, body, bytes.subarray(4).toString('base64')))
      throw new Error('bad signature');
    return { origin, size: Number(size), root };
  }
  throw new Error('unknown key');
}

const forms: Readonly<Record<string, readonly string[]>> = {
  log: ['origin', 'from', 'to', 'size'],
  subtrees: ['from', 'to', 'why', 'hashes'],
  leaves: ['from', 'hashes'],
  end: ['logs', 'records'],
  consistency: ['older', 'hashes'],
};

/** Nothing that is not looked at may hide in a frame. */
function onlyKnown(frame: object): void {
  for (const [name, value] of Object.entries(frame) as [string, object][]) {
    if (name === 'checkpoint' && 'log' in frame) continue;
    if (forms[name]?.join() !== Object.keys(value).join()) throw new Error('unknown part');
  }
}

/** Records are ASCII; what was read as one byte a character may hold UTF-8. */
function parse(line: string): unknown {
  const value: unknown = JSON.parse(Buffer.from(line, 'latin1').toString('utf8'));
  if (typeof value !== 'object' || value === null) throw new Error('no object');
  return value;
}
