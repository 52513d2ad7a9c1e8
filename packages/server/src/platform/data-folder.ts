import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { unavailable } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { isBusy } from './database/database.ts';
import { listSegments } from './journal/segment.ts';
import type { Vault } from './vault/vault.ts';

const keyFile = 'secret.key';
const nodeFile = 'node-id';
const checkFile = 'key.check';
const lockFile = 'server.lock';
/** Any of these makes a folder one of ours. */
const marks = [keyFile, nodeFile, checkFile, lockFile, 'mcpnest.db'];
const checkContext = 'data-folder/key.check';

/** The folder that is an installation: database, journal, keys. Only its owner may enter it. */
export interface DataFolder {
  readonly dir: string;
  /** Names this node in the journal, for as long as the folder lives. */
  readonly nodeId: string;
  /** 64 hex characters. */
  readonly secretKey: Secret;
  /** What was found loose; for the log. */
  readonly warnings: readonly string[];
}

/**
 * Open the data folder, creating what is missing: the folder (0700), the master key (0600, 32 random bytes) and the
 * node id. Several processes may do so at once.
 *
 * @param configuredKey takes the place of the key file
 * @throws AppError `unavailable` when the folder is open to others and not ours to close, or when its key is gone
 */
export function openDataFolder(dir: string, configuredKey: Secret | undefined): DataFolder {
  const warnings: string[] = [];
  makePrivate(dir, warnings);
  const secretKey = configuredKey ?? readKey(dir, warnings);
  const nodeId = readOrCreate(join(dir, nodeFile), () => randomBytes(8).toString('hex'));
  return { dir, nodeId, secretKey, warnings };
}

/**
 * Be the one server on this folder until disposed or until the process ends, however it ends. Tools that only open
 * the database are not kept out.
 * @throws AppError `unavailable` when another server holds the folder
 */
export function lockDataFolder(dir: string): Disposable {
  // An open transaction holds a lock of the operating system, which no crash can leave behind.
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(join(dir, lockFile), { timeout: 0 });
    lock.exec('begin exclusive');
  } catch (cause) {
    lock?.close();
    if (!isBusy(cause)) throw cannotWrite(dir, cause);
    throw unavailable(
      `Another MCPNest server is running on the data folder ${dir}. Stop it first, or give this one a folder of its own with MCPNEST_DATA_DIR.`,
      { cause },
    );
  }
  const held = lock;
  return { [Symbol.dispose]: () => held.close() };
}

const cannotWrite = (dir: string, cause: unknown) =>
  unavailable(
    `The data folder ${dir} cannot be written. Give it to the user MCPNest runs as, make its disk writable and make room on it, or choose another with MCPNEST_DATA_DIR.`,
    { cause },
  );

/**
 * Find out at start, not at the first call, that the key is not the one the credentials were sealed with.
 * @throws AppError `unavailable`, with the remedy
 */
export function checkKey(dir: string, vault: Vault): void {
  const file = join(dir, checkFile);
  const sealed = readOrCreate(file, () => vault.seal(new Secret('mcpnest'), checkContext));
  try {
    vault.open(sealed, checkContext);
  } catch (cause) {
    throw unavailable(
      `The secret key is not the one this data folder was made with. Put the right key back (${join(dir, keyFile)} or MCPNEST_SECRET_KEY). ` +
        `If it is lost, delete ${file} and enter every upstream credential again.`,
      { cause },
    );
  }
}

/**
 * An empty database beside a journal that has records is not a first start but a loss: everything people have set up
 * would be gone without a word.
 * @param file of the SQLite database
 * @throws AppError `unavailable`, with the remedy
 */
export function checkDatabaseFile(dir: string, file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0) return;
  const journal = join(dir, 'journal');
  if (!existsSync(journal) || listSegments(journal).length === 0) return;
  throw unavailable(
    `The database file ${file} is gone, yet ${journal} has records of calls. Restore it from a backup. ` +
      `If it is lost, move ${journal} to a safe place to begin with an empty database.`,
  );
}

function makePrivate(dir: string, warnings: string[]): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw unavailable(
      `The data folder ${dir} cannot be created (${codeOf(cause)}). Choose another with MCPNEST_DATA_DIR.`,
      { cause },
    );
  }
  try {
    accessSync(dir, constants.W_OK);
  } catch (cause) {
    throw cannotWrite(dir, cause);
  }
  const { mode, uid } = statSync(dir);
  if ((mode & 0o077) === 0) return;
  const content = readdirSync(dir);
  const ours = content.length === 0 || marks.some((mark) => content.includes(mark));
  // A shared folder given by mistake, /tmp for one, is never taken away from the others.
  if (!ours) {
    throw unavailable(
      `The data folder ${dir} holds other files and is open to other users. Choose a folder of its own with MCPNEST_DATA_DIR.`,
    );
  }
  if (uid !== process.geteuid?.()) {
    throw unavailable(
      `The data folder ${dir} is open to other users. Close it: chown it to this user and chmod 700 ${dir}`,
    );
  }
  chmodSync(dir, 0o700);
  if (content.length > 0) warnings.push(`the data folder ${dir} was open to other users; it is now closed (0700)`);
}

function readKey(dir: string, warnings: string[]): Secret {
  const file = join(dir, keyFile);
  const known = readIfThere(file);
  if (known === undefined && readIfThere(join(dir, checkFile)) !== undefined) {
    throw unavailable(
      `The secret key ${file} is gone, but credentials were sealed with it. Restore it from a backup, or set MCPNEST_SECRET_KEY.`,
    );
  }
  const key = known ?? readOrCreate(file, () => randomBytes(32).toString('hex'));
  if (!/^[0-9a-f]{64}$/i.test(key))
    throw unavailable(`The secret key file ${file} is damaged. Restore it from a backup.`);
  if ((statSync(file).mode & 0o077) !== 0) {
    warnings.push(`the secret key ${file} is readable by other users; close it: chmod 600 ${file}`);
  }
  return new Secret(key);
}

/** Whole or not at all, and the first of several writers wins. */
function readOrCreate(file: string, create: () => string): string {
  const known = readIfThere(file);
  if (known !== undefined) return known;
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, `${create()}\n`, { mode: 0o600, flag: 'wx', flush: true });
  } catch (cause) {
    throw unavailable(
      `${file} cannot be written (${codeOf(cause)}). Check the owner of the folder and the space on the disk.`,
      { cause },
    );
  }
  try {
    linkSync(draft, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  return readFileSync(file, 'utf8').trim();
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unavailable(`${file} cannot be read (${codeOf(error)}). Check its owner.`, { cause: error });
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown error';
