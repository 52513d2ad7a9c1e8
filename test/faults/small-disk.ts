import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Why a small disk cannot be had here; undefined where it can. */
export const noSmallDisk =
  process.platform === 'linux' && process.getuid?.() === 0 ? undefined : 'only root on Linux may mount one';

/** A file system of its own in memory. Disposing it unmounts it. */
export interface SmallDisk extends Disposable {
  /** Leave no byte free. */
  fill(): void;
  /** Give back what `fill` took. */
  free(): void;
  /** Refuse every write from now on, as a kernel does that has found errors on a disk; or take them again. */
  setReadOnly(readOnly: boolean): void;
}

/**
 * Mount a small file system on an existing folder.
 * @param size as `mount` takes it, such as `512k`
 */
export function mountSmallDisk(dir: string, size: string): SmallDisk {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', dir]);
  const ballast = join(dir, 'ballast');
  return {
    fill() {
      for (let bytes = 64 * 1024; bytes >= 1;) {
        try {
          writeFileSync(ballast, Buffer.alloc(bytes, 120), { flag: 'a' });
        } catch {
          bytes = Math.floor(bytes / 2);
        }
      }
    },
    free: () => rmSync(ballast, { force: true }),
    setReadOnly: (readOnly) => void execFileSync('mount', ['-o', `remount,${readOnly ? 'ro' : 'rw'}`, dir]),
    // Lazily: the product may still have files open when a test fails.
    [Symbol.dispose]: () => void execFileSync('umount', ['-l', dir]),
  };
}
