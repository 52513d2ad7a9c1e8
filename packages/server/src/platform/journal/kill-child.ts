import { writeSync } from 'node:fs';
import { call, ending, options } from './fixture.ts';
import { openJournal } from './journal.ts';

// Run by kill.test.ts: records calls as fast as it can and prints the id of each one whose receipt it holds.

const [dir, mode] = process.argv.slice(2) as [string, 'available' | 'strict'];
const journal = await openJournal(options(dir, { segmentBytes: 200_000 }));

async function caller(): Promise<never> {
  for (;;) {
    const one = call();
    const receipt = await journal.intent(one, mode);
    writeSync(1, `${one.callId}\n`);
    await new Promise((resolve) => setImmediate(resolve));
    journal.outcome(receipt, ending(one.callId));
  }
}

await Promise.all(Array.from({ length: 16 }, caller));
