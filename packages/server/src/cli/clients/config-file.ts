import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../fault.ts';

/** A client's configuration as it stands. */
export interface ConfigOnDisk {
  readonly path: string;
  /** Undefined: there is no such file yet. */
  readonly text: string | undefined;
  /** Permission bits it has, or is to get. */
  readonly mode: number;
}

const largest = 16 * 1024 * 1024;
const backupsKept = 10;
const privateMode = 0o600;

/**
 * Read a configuration that is about to be changed.
 * @throws UsageError for a link, for what is no file, for what belongs to somebody else or lies where others may write
 */
export async function readConfigFile(path: string): Promise<ConfigOnDisk> {
  await requireOwnFolder(dirname(path));
  const found = await lstat(path).catch(unlessMissing);
  if (found === undefined) return { path, text: undefined, mode: privateMode };
  if (found.isSymbolicLink())
    throw new UsageError(`${path} is a link. Name the file it leads to with --file, if that is the one to change.`);
  if (!found.isFile()) throw new UsageError(`${path} is not a file.`);
  requireOwn(path, found.uid);
  if (found.size > largest) throw new UsageError(`${path} is too large to be a configuration.`);
  // Between the look and the opening it may have become a link.
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    return { path, text: text.decode(await file.readFile()), mode: found.mode & 0o777 };
  } catch {
    throw new UsageError(`${path} is not UTF-8 text.`);
  }
}

/**
 * Replace a configuration in one step, keeping what was there beside it.
 * @param secret whether it holds a token from now on: then nobody else may read it
 * @returns the backup
 * @throws UsageError when the file has changed since it was read
 */
export async function replaceConfigFile(
  before: ConfigOnDisk,
  text: string,
  options: { readonly secret: boolean; readonly now: number },
): Promise<string> {
  const { path } = before;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const standing = await readConfigFile(path);
  if (standing.text !== before.text)
    throw new UsageError(`${path} has been changed meanwhile, perhaps by its client. Close the client and try again.`);
  const backup = `${path}.mcpnest-${stamp(options.now)}-${digest(text)}.${before.text === undefined ? 'new' : 'bak'}`;
  await writeNew(backup, before.text ?? '', privateMode);
  await swap(path, text, options.secret ? before.mode & privateMode : before.mode);
  await forgetOldBackups(path);
  return backup;
}

/** What an undo would do. */
export interface Undo {
  readonly backup: string;
  /** What was there before; undefined: nothing, so the file goes. */
  readonly text: string | undefined;
  /** Whether the file is still what was written then. */
  readonly untouched: boolean;
}

/** @returns undefined when there is no backup */
export async function findUndo(current: ConfigOnDisk): Promise<Undo | undefined> {
  const newest = (await backupsOf(current.path)).at(-1);
  if (newest === undefined) return undefined;
  const { text = '' } = await readConfigFile(newest.path);
  return {
    backup: newest.path,
    text: newest.created ? undefined : text,
    untouched: current.text !== undefined && digest(current.text) === newest.digest,
  };
}

/** Put back what was there, and use the backup up. */
export async function applyUndo(current: ConfigOnDisk, undo: Undo): Promise<void> {
  if (undo.text === undefined) await rm(current.path, { force: true });
  else await swap(current.path, undo.text, current.mode);
  await rm(undo.backup);
}

interface Backup {
  readonly path: string;
  readonly digest: string;
  readonly created: boolean;
}

/** Oldest first: their names begin with the time. */
async function backupsOf(path: string): Promise<Backup[]> {
  const names = (await readdir(dirname(path)).catch(unlessMissing)) ?? [];
  const start = `${basename(path)}.mcpnest-`;
  return names
    .filter((name) => name.startsWith(start))
    .sort()
    .flatMap((name) => {
      const [, written, kind] = /^\d{8}T\d{9}Z-([0-9a-f]{16})\.(bak|new)$/.exec(name.slice(start.length)) ?? [];
      if (written === undefined) return [];
      return [{ path: join(dirname(path), name), digest: written, created: kind === 'new' }];
    });
}

async function forgetOldBackups(path: string): Promise<void> {
  for (const old of (await backupsOf(path)).slice(0, -backupsKept)) await rm(old.path, { force: true });
}

async function swap(path: string, text: string, mode: number): Promise<void> {
  const next = `${path}.mcpnest-${process.pid}.next`;
  try {
    await writeNew(next, text, mode);
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}

/** Never through a link and never over something else. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  await using file = await open(path, 'wx', mode);
  await file.chmod(mode);
  await file.writeFile(text);
  await file.sync();
}

async function requireOwnFolder(folder: string): Promise<void> {
  const found = await lstat(folder).catch(unlessMissing);
  if (found === undefined) return;
  if (found.isSymbolicLink()) return requireOwn(folder, found.uid);
  if (!found.isDirectory()) throw new UsageError(`${folder} is not a folder.`);
  requireOwn(folder, found.uid);
  if (process.platform !== 'win32' && (found.mode & 0o002) !== 0)
    throw new UsageError(`Anybody may write in ${folder}, so files there cannot be trusted. Run: chmod o-w ${folder}`);
}

function requireOwn(path: string, owner: number): void {
  const self = process.getuid?.();
  if (self !== undefined && owner !== self)
    throw new UsageError(`${path} belongs to another user. Run this command as that user.`);
}

const stamp = (now: number): string => new Date(now).toISOString().replace(/[-:.]/g, '');
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
