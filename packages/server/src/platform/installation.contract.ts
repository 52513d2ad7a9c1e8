import { expect, it } from 'vitest';
import type { OpenDatabase } from './database/database.ts';
import { installationId } from './installation.ts';

/** What the id of an installation promises, on every engine. */
export function describeInstallation(name: string, open: () => Promise<OpenDatabase>): void {
  it(`[ORC-01] ${name}: an installation has one id, whichever node asks first, and another one has another`, async () => {
    await using database = await open();
    const ids = await Promise.all(Array.from({ length: 5 }, () => installationId(database.db)));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(await installationId(database.db)).toBe(ids[0]);
    await using other = await open();
    expect(await installationId(other.db)).not.toBe(ids[0]);
  });
}
