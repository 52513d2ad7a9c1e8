/** Entries of an allowlist are written as objects of rules: `server`, `server:tool`, with `*` and `@class` in them. */

/** Whether an entry is a pattern or a class, which no box stands for. */
export const isPattern = (entry: string, servers: readonly string[]): boolean => {
  const [server = '', tool] = entry.split(/:(.*)/s);
  return !servers.includes(server) || (tool !== undefined && /^@|\*/.test(tool));
};

/** The set with one entry in it or out of it. */
export function withEntry(entries: ReadonlySet<string>, entry: string, present: boolean): ReadonlySet<string> {
  const next = new Set(entries);
  if (present) next.add(entry);
  else next.delete(entry);
  return next;
}

/** How many entries came or went. */
export const changesBetween = (saved: readonly string[], draft: ReadonlySet<string>): number =>
  saved.filter((entry) => !draft.has(entry)).length + [...draft].filter((entry) => !saved.includes(entry)).length;
