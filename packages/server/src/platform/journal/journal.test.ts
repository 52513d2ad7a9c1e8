import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { nodeDisk, type Disk } from './disk.ts';
import { call, denial, ending, macKey, options, readRecords, tempFolder } from './fixture.ts';
import { openJournal } from './journal.ts';
import { listSegments } from './segment.ts';
import { verifyJournal } from './verify.ts';

/** The file system, with faults that a test switches on and flushes that a test may hold back. */
function faultyDisk() {
  const faults = { append: '', torn: false, truncate: '', sync: '', create: '', syncOnce: false };
  let gate: Promise<void> | undefined;
  let flushes = 0;
  const fail = (code: string): void => {
    if (code !== '') throw Object.assign(new Error(code), { code });
  };
  const disk: Disk = {
    create(path) {
      fail(faults.create);
      return nodeDisk.create(path);
    },
    append(fd, bytes) {
      if (faults.append !== '' && faults.torn) nodeDisk.append(fd, bytes.subarray(0, bytes.length / 2));
      fail(faults.append);
      nodeDisk.append(fd, bytes);
    },
    truncate(fd, length) {
      fail(faults.truncate);
      nodeDisk.truncate(fd, length);
    },
    async sync(fd) {
      flushes++;
      await gate;
      const fault = faults.sync;
      if (faults.syncOnce) faults.sync = '';
      fail(fault);
      await nodeDisk.sync(fd);
    },
    close: (fd) => nodeDisk.close(fd),
  };
  return {
    disk,
    faults,
    flushes: () => flushes,
    /** Hold every flush back until the returned function is called. */
    hold(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return () => {
        gate = undefined;
        resolve();
      };
    },
  };
}

const text = (dir: string): string =>
  listSegments(dir)
    .map((name) => readFileSync(join(dir, name), 'utf8'))
    .join('');
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('journal', () => {
  it('[AUD-01][AUD-07] has a record in the file before its receipt resolves, and the outcome with the next group', async () => {
    using folder = tempFolder();
    await using journal = await openJournal(options(folder.dir));
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        const one = call();
        const receipt = await journal.intent(one, 'available');
        expect(text(folder.dir)).toContain(`"seq":${receipt.seq},"t":`);
        expect(text(folder.dir)).toContain(`"kind":"intent","callId":"${one.callId}"`);
        journal.outcome(receipt, ending(one.callId));
      }),
    );
    await turn();
    expect(readRecords(folder.dir).filter(({ kind }) => kind === 'outcome')).toHaveLength(50);
  });

  it('writes what is queued in one turn as one group, in order', async () => {
    using folder = tempFolder();
    await using journal = await openJournal(options(folder.dir));
    let groups = 0;
    using _count = journal.onWrite(() => groups++);
    const calls = Array.from({ length: 200 }, () => call());
    const receipts = await Promise.all(calls.map((one) => journal.intent(one, 'available')));
    expect(groups).toBe(1);
    expect(receipts.map(({ seq }) => seq)).toEqual(calls.map((_, i) => i + 2));
    expect(
      readRecords(folder.dir)
        .slice(1)
        .map(({ callId }) => callId),
    ).toEqual(calls.map(({ callId }) => callId));
  });

  it('resolves a strict receipt only after a flush that began after its write; one flush serves all waiting', async () => {
    using folder = tempFolder();
    const { disk, hold, flushes } = faultyDisk();
    await using journal = await openJournal(options(folder.dir, { disk }));
    const release = hold();
    const order: string[] = [];
    const first = journal.intent(call(), 'strict').then(() => order.push('first'));
    await turn();
    await turn();
    const before = flushes();
    const later = Array.from({ length: 20 }, () => journal.intent(call(), 'strict').then(() => order.push('later')));
    const relaxed = journal.intent(call(), 'available').then(() => order.push('available'));
    await relaxed;
    expect(order).toEqual(['available']);
    expect(flushes()).toBe(before);
    release();
    await Promise.all([first, ...later]);
    expect(order[1]).toBe('first');
    expect(flushes()).toBe(before + 1);
  });

  it('flushes records of available calls within a fraction of a second without being asked', async () => {
    using folder = tempFolder();
    const { disk, flushes } = faultyDisk();
    await using journal = await openJournal(options(folder.dir, { disk }));
    const before = flushes();
    await journal.intent(call(), 'available');
    expect(flushes()).toBe(before);
    await expect.poll(flushes, { timeout: 1_000 }).toBe(before + 1);
  });

  it('goes on in a new segment when one is full, without a hole and without waiting', async () => {
    using folder = tempFolder();
    await using journal = await openJournal(options(folder.dir, { segmentBytes: 2_000 }));
    for (let i = 0; i < 20; i++) await journal.intent(call(), i % 2 === 0 ? 'available' : 'strict');
    expect(listSegments(folder.dir).length).toBeGreaterThan(5);
    expect(verifyJournal(folder.dir, macKey)).toMatchObject({ records: 21, firstBad: undefined });
  });

  it.each([
    { fault: 'a write that fails', torn: false, truncate: '' },
    { fault: 'a write that fails halfway', torn: true, truncate: '' },
    { fault: 'a write that fails halfway in a file that cannot be cut', torn: true, truncate: 'EIO' },
  ])(
    '[AUD-04] survives $fault: strict calls are refused, available ones go on and are counted',
    async ({ torn, truncate }) => {
      using folder = tempFolder();
      const { disk, faults } = faultyDisk();
      const journal = await openJournal(options(folder.dir, { disk }));
      const inFlight = call();
      const earlier = await journal.intent(inFlight, 'available');

      Object.assign(faults, { append: 'ENOSPC', torn, truncate, create: truncate });
      const refused = journal.intent(call(), 'strict');
      const gone = call();
      const receipt = await journal.intent(gone, 'available');
      expect(receipt).toMatchObject({ seq: 0, gap: true });
      await expect(refused).rejects.toMatchObject({ code: 'unavailable' });
      await expect(journal.intent(call(), 'strict')).rejects.toMatchObject({ code: 'unavailable', detail: 'ENOSPC' });
      expect(await journal.intent(call(), 'available')).toMatchObject({ gap: true });
      journal.outcome(receipt, ending(gone.callId));
      journal.outcome(earlier, ending(inFlight.callId));
      journal.denied(denial());
      expect(journal.health).toMatchObject({ ok: false, reason: 'ENOSPC', gaps: 3 });

      Object.assign(faults, { append: '', torn: false, truncate: '', create: '' });
      await expect.poll(() => journal.health.ok, { timeout: 5_000 }).toBe(true);
      const back = await journal.intent(call(), 'strict');
      expect(back.gap).toBe(false);
      await journal[Symbol.asyncDispose]();

      const records = readRecordsSafely(folder.dir);
      expect(records.find(({ kind }) => kind === 'gap')).toMatchObject({
        reason: 'ENOSPC',
        lostCalls: 2,
        lostDenials: 1,
      });
      expect(records.some(({ kind, callId }) => kind === 'outcome' && callId === inFlight.callId)).toBe(true);
      expect(records.some(({ kind, callId }) => kind === 'outcome' && callId === gone.callId)).toBe(false);
      expect(verifyJournal(folder.dir, macKey)).toMatchObject({ lost: 3, firstBad: undefined });
    },
  );

  it('never trusts a file again after a failed flush: what was not promised yet is written anew elsewhere', async () => {
    using folder = tempFolder();
    const { disk, faults } = faultyDisk();
    const journal = await openJournal(options(folder.dir, { disk }));
    Object.assign(faults, { sync: 'EIO', syncOnce: true });
    const calls = [call(), call()];
    const receipts = await Promise.all(calls.map((one) => journal.intent(one, 'strict')));
    await journal[Symbol.asyncDispose]();
    const [suspect, fresh] = listSegments(folder.dir);
    const inFresh = readFileSync(join(folder.dir, fresh!), 'utf8');
    for (const one of calls) expect(inFresh).toContain(one.callId);
    expect(inFresh).toContain(`"sealed":{"segment":"${suspect}","confirmedSeq":1}`);
    expect(receipts.map(({ seq }) => seq)).toEqual([5, 6]);
    expect(verifyJournal(folder.dir, macKey).firstBad).toBeUndefined();
  });

  it('refuses strict calls while flushing keeps failing, and closes their records', async () => {
    using folder = tempFolder();
    const { disk, faults } = faultyDisk();
    const journal = await openJournal(options(folder.dir, { disk }));
    faults.sync = 'EIO';
    const one = call();
    await expect(journal.intent(one, 'strict')).rejects.toMatchObject({ code: 'unavailable' });
    expect(journal.health).toMatchObject({ ok: false, reason: 'EIO' });
    faults.sync = '';
    await expect.poll(() => journal.health.ok, { timeout: 5_000 }).toBe(true);
    await journal.intent(call(), 'strict');
    await journal[Symbol.asyncDispose]();
    const ends = readRecords(folder.dir).filter(({ kind, callId }) => kind === 'outcome' && callId === one.callId);
    expect(ends.at(-1)).toMatchObject({ outcome: 'refused', status: 503, dispatched: false });
    expect(verifyJournal(folder.dir, macKey).firstBad).toBeUndefined();
  });

  it('[AUD-04] refuses strict calls while a flush does not end, closes their records, and goes on with the others', async () => {
    using folder = tempFolder();
    const { disk, hold } = faultyDisk();
    const journal = await openJournal(options(folder.dir, { disk }));
    const release = hold();
    const calls = [call(), call()];
    const first = journal.intent(calls[0]!, 'strict');
    // The flush under way does not cover this one.
    await sleep(50);
    const second = journal.intent(calls[1]!, 'strict');
    await expect(first).rejects.toMatchObject({ code: 'unavailable' });
    await expect(second).rejects.toMatchObject({ code: 'unavailable' });
    expect(journal.health).toMatchObject({ ok: false, reason: 'a flush to disk does not end' });
    expect(journal.health.flushMs).toBeGreaterThan(1_900);
    await expect(journal.intent(call(), 'strict')).rejects.toMatchObject({ code: 'unavailable' });
    expect(await journal.intent(call(), 'available')).toMatchObject({ gap: false });
    release();
    await expect.poll(() => journal.health.ok).toBe(true);
    await journal.intent(call(), 'strict');
    await journal[Symbol.asyncDispose]();
    for (const { callId } of calls)
      expect(readRecords(folder.dir).filter((line) => line.callId === callId)).toMatchObject([
        { kind: 'intent' },
        { kind: 'outcome', outcome: 'refused', dispatched: false },
      ]);
    expect(verifyJournal(folder.dir, macKey)).toMatchObject({ firstBad: undefined, lost: 0 });
  });

  it('records nothing after it was closed: strict calls are refused, available ones say so', async () => {
    using folder = tempFolder();
    const journal = await openJournal(options(folder.dir));
    await journal[Symbol.asyncDispose]();
    await journal[Symbol.asyncDispose]();
    await expect(journal.intent(call(), 'strict')).rejects.toMatchObject({ code: 'unavailable' });
    expect(await journal.intent(call(), 'available')).toMatchObject({ gap: true });
  });

  it('[AUD-02] has no field that could hold a value: what is not in the record type is not written', async () => {
    using folder = tempFolder();
    await using journal = await openJournal(options(folder.dir));
    const careless = { ...call(), arguments: { password: 'hunter2' } };
    const receipt = await journal.intent(careless, 'available');
    journal.outcome(receipt, { ...ending(careless.callId), result: 'hunter2' } as never);
    journal.denied({ ...denial(), arguments: 'hunter2' } as never);
    await journal.flush();
    expect(text(folder.dir)).not.toContain('hunter2');
  });
});

/** Records of files that may hold half a line where a segment was given up. */
function readRecordsSafely(dir: string) {
  return listSegments(dir)
    .flatMap((name) => readFileSync(join(dir, name), 'utf8').split('\n'))
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as { kind: string; callId?: string }];
      } catch {
        return [];
      }
    });
}
