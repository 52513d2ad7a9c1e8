import { closeSync, constants, fdatasync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * What the journal asks of the file system. Appending is synchronous on purpose: a write to the page cache costs
 * about a microsecond per record, handing it to a thread costs ten times that. Flushing is not: it may take long.
 */
export interface Disk {
  /** Make a new file for appending, mode 0600; it must not exist. */
  create(path: string): number;
  /** Append completely or throw; after a throw part of it may be in the file. */
  append(fd: number, bytes: Buffer): void;
  truncate(fd: number, length: number): void;
  /** Resolves when everything written to the file or folder before the call is on disk. */
  sync(fd: number): Promise<void>;
  close(fd: number): void;
}

const syncData = promisify(fdatasync);

export const nodeDisk: Disk = {
  create: (path) =>
    openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL, 0o600),
  append(fd, bytes) {
    for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
  },
  truncate: (fd, length) => ftruncateSync(fd, length),
  sync: (fd) => syncData(fd),
  close: (fd) => closeSync(fd),
};
