import fs, { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

// Loaded before the product (`--import`): the flush of a disk that fails, is slow or stands still, as a file says at each
// flush: nothing, `fail <code>`, `slow <milliseconds>`, or `hold` until it says something else. Only the kernel's answer
// is ours; the product runs as it is.

const { fdatasync } = fs;
const orders = process.env['MCPNEST_TEST_FLUSH']!;

function faulty(fd: number, done: (error: NodeJS.ErrnoException | null) => void): void {
  const [order, detail = ''] = readFileSync(orders, 'utf8').split(' ');
  if (order === 'fail') {
    const error = Object.assign(new Error(`${detail}: injected, fdatasync`), { code: detail, syscall: 'fdatasync' });
    setImmediate(done, error);
  } else if (order === 'hold') setTimeout(faulty, 20, fd, done);
  else if (order === 'slow') setTimeout(() => fdatasync(fd, done), Number(detail));
  else fdatasync(fd, done);
}

fs.fdatasync = faulty as typeof fdatasync;
syncBuiltinESMExports();
