/** One argument of a call as it is recorded: its path and what it was, never its value. */
export interface ArgumentShape {
  /** `filter.tags`; empty where the arguments as a whole were no object. */
  readonly path: string;
  readonly words: string;
}

const kinds: Readonly<Record<string, readonly [one: string, unit: string]>> = {
  s: ['text', 'bytes'],
  a: ['list', 'entries'],
  o: ['object', 'members'],
};

const sizes: Readonly<Record<string, string>> = {
  '0': '0',
  '1-16': '1–16',
  '17-64': '17–64',
  '65-256': '65–256',
  '257-4k': '257–4,096',
  '>4k': 'more than 4,096',
};

/** `s1-16` as people say it: `text, 1–16 bytes`. What is not known is said as it stands. */
export function typeInWords(type: string): string {
  if (type === 'n') return 'number';
  if (type === 'l') return 'true, false or null';
  const [kind, unit] = kinds[type.slice(0, 1)] ?? [undefined, undefined];
  const size = sizes[type.slice(1)];
  if (kind === undefined || size === undefined) return type;
  return size === '0' ? `empty ${kind}` : `${kind}, ${size} ${unit}`;
}

/** The arguments of a recorded shape, in its order; what is only counted is said last. */
export function argumentsOf(shape: unknown): readonly ArgumentShape[] {
  if (typeof shape !== 'object' || shape === null || Array.isArray(shape)) return [];
  return Object.entries(shape).map(([path, type]: [string, unknown]) => {
    if (path === '?') return { path, words: `${String(type)} the tool does not declare` };
    if (path === '+') return { path, words: `${String(type)} more` };
    return { path, words: typeInWords(String(type)) };
  });
}

export interface ArgumentChange {
  readonly path: string;
  readonly now: string | null;
  readonly before: string | null;
  readonly change: 'same' | 'changed' | 'added' | 'gone';
}

/** What differs between the arguments of two calls, in the order of the newer one. */
export function compareArguments(now: unknown, before: unknown): readonly ArgumentChange[] {
  const earlier = new Map(argumentsOf(before).map(({ path, words }) => [path, words]));
  const rows = argumentsOf(now).map(({ path, words }): ArgumentChange => {
    const was = earlier.get(path) ?? null;
    earlier.delete(path);
    return { path, now: words, before: was, change: was === null ? 'added' : was === words ? 'same' : 'changed' };
  });
  return [...rows, ...[...earlier].map(([path, was]) => ({ path, now: null, before: was, change: 'gone' as const }))];
}
