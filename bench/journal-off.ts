import { mkdirSync } from 'node:fs';
import { registerHooks } from 'node:module';
import type { Journal, JournalOptions } from '../packages/server/src/platform/journal/journal.ts';

// Loaded before the product (`--import`) for `--journal-off`. The product has no switch for this and must have none: here
// the part of its composition root that opens the journal, and nothing else, is handed a journal that gives receipts at once and writes nothing, so that
// the difference to the product as it is is what journal and shipper cost.

const journal = new URL('../packages/server/src/platform/journal/journal.ts', import.meta.url).href;
const records = new URL('../packages/server/src/build/records.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    return found.url === journal && context.parentURL === records ? { ...found, url: import.meta.url } : found;
  },
});

/** Takes the place of the product's `openJournal`. */
export function openJournal({ dir, nodeId }: JournalOptions): Promise<Journal> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  let seq = 0;
  const receipt = () => Promise.resolve({ node: nodeId, epoch: 1, seq: ++seq, gap: false });
  return Promise.resolve({
    intent: receipt,
    event: receipt,
    outcome: () => undefined,
    denied: () => undefined,
    purge: () => Promise.resolve(),
    trim: () => Promise.resolve(),
    onWrite: () => ({ [Symbol.dispose]: () => undefined }),
    position: { segment: '', byteOffset: 0 },
    health: { ok: true, reason: undefined, gaps: 0, flushMs: 0, damage: undefined },
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}
