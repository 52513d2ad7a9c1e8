import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { Disk } from './disk.ts';
import type { JournalPosition } from './journal.ts';
import type { Gap } from './records.ts';
import { segmentName } from './segment.ts';

export interface SegmentFilesOptions {
  readonly dir: string;
  /** Open file descriptor of the folder, to make new names durable. */
  readonly dirFd: number;
  readonly disk: Disk;
  readonly log: Log;
  readonly epoch: number;
  /** A segment is closed at this size. */
  readonly segmentBytes: number;
}

interface SegmentFile {
  readonly name: string;
  readonly fd: number;
  readonly day: string;
  bytes: number;
  /** Whether the folder entry is on disk. */
  linked: boolean;
}

export type SegmentFiles = ReturnType<typeof createSegmentFiles>;

/** The files one run of the journal appends to: turned over by size and day, flushed, and given up when they fail. */
export function createSegmentFiles({ dir, dirFd, disk, log, epoch, segmentBytes }: SegmentFilesOptions) {
  let current: SegmentFile | undefined;
  let number = 0;
  let position: JournalPosition = { segment: '', byteOffset: 0 };
  /** Left behind, but with a flush still to come. */
  let retired: SegmentFile[] = [];
  /** Descriptors to close as soon as no flush uses them. */
  let doomed: number[] = [];
  let sealed: Gap['sealed'] = null;

  /**
   * The file for records of a day. True: nothing is in it yet.
   * @throws the file system's error when there is none and none can be made
   */
  function ready(day: string): boolean {
    if (current === undefined || current.bytes >= segmentBytes || current.day !== day) turnOver(day);
    return current!.bytes === 0;
  }

  function turnOver(day: string): void {
    const name = segmentName(epoch, number + 1, day);
    let fd: number;
    try {
      fd = disk.create(join(dir, name));
    } catch (error) {
      // A segment that grows beyond its size is better than no record.
      if (current === undefined) throw error;
      return;
    }
    number++;
    if (current !== undefined) retired.push(current);
    current = { name, fd, day, bytes: 0, linked: false };
  }

  /**
   * Append to the file made ready, all or nothing.
   * @param confirmedSeq last number written before
   * @throws the file system's error; the file is given up when half of the lines cannot be taken out of it again
   */
  function append(lines: Buffer, confirmedSeq: number): void {
    const into = current!;
    try {
      disk.append(into.fd, lines);
    } catch (error) {
      try {
        disk.truncate(into.fd, into.bytes);
      } catch (stuck) {
        log.error(
          { err: stuck, segment: into.name },
          'journal segment given up: a half-written record cannot be removed',
        );
        sealed = { segment: into.name, confirmedSeq };
        retired.push(into);
        current = undefined;
      }
      throw error;
    }
    into.bytes += lines.length;
    position = { segment: into.name, byteOffset: into.bytes };
  }

  /** Flush everything appended before the call. One at a time. */
  async function sync(): Promise<void> {
    const full = retired;
    for (const each of current === undefined ? full : [...full, current]) {
      await disk.sync(each.fd);
      if (each.linked) continue;
      await disk.sync(dirFd);
      each.linked = true;
    }
    retired = retired.filter((each) => !full.includes(each));
    doomed.push(...full.map(({ fd }) => fd));
    closeDoomed();
  }

  /**
   * After a failed flush the kernel may have dropped the pages and will call the next flush a success, so these files
   * are never trusted again.
   * @param confirmedSeq last number known to be on disk
   */
  function giveUp(confirmedSeq: number): void {
    const [oldest] = current === undefined ? retired : [...retired, current];
    if (oldest !== undefined) sealed = { segment: oldest.name, confirmedSeq };
    doomed.push(...retired.map(({ fd }) => fd), ...(current === undefined ? [] : [current.fd]));
    retired = [];
    current = undefined;
    closeDoomed();
  }

  function closeDoomed(): void {
    for (const fd of doomed.splice(0)) {
      try {
        disk.close(fd);
      } catch {
        // Its records are confirmed or written anew elsewhere; there is nothing left to lose in it.
      }
    }
  }

  return {
    ready,
    append,
    sync,
    giveUp,
    position: (): JournalPosition => position,
    /** The segment given up and not yet accounted for by a gap record on disk. */
    sealed: (): Gap['sealed'] => sealed,
    /** To be called when everything up to a number is on disk. */
    confirm(seq: number): void {
      if (sealed !== null && current !== undefined && seq > sealed.confirmedSeq) sealed = null;
    },
    hasCurrent: (): boolean => current !== undefined,
    close(): void {
      doomed.push(...retired.map(({ fd }) => fd), ...(current === undefined ? [] : [current.fd]));
      retired = [];
      current = undefined;
      closeDoomed();
    },
  };
}
