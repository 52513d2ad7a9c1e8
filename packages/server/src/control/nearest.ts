import { z } from 'zod';

/** What a refusal of unknown keys says to each of them, a line per key: which of the known ones was likely meant. */
export const unknownKeys: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'unrecognized_keys' || !(issue.inst instanceof z.ZodObject)) return undefined;
  const known = Object.keys(issue.inst.shape);
  return issue.keys.map((key) => hint(key, known)).join('\n');
};

function hint(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return meant === undefined ? '' : `; did you mean '${meant}'?`;
}

/** The name closest to what was written, if it is close enough to have been meant: a third of it may differ. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  if (written.length > 50) return undefined;
  const ranked = known
    .map((name) => ({ name, away: distance(written.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, away }) => away <= Math.max(1, Math.floor(Math.max(name.length, written.length) / 3)))
    .sort((a, b) => a.away - b.away);
  return ranked[0]?.name;
}

/** Levenshtein's distance: letters to add, drop or change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
