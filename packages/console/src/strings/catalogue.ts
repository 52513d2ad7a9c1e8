/** A text with `{name}` place-holders; or one for each plural form, chosen by `{count}`. */
type Text = string | { readonly one: string; readonly other: string };

type Placeholder<T> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholder<Rest> : never;
type ParamsOf<T> = T extends { readonly one: infer One; readonly other: infer Other }
  ? Placeholder<One> | Placeholder<Other> | 'count'
  : Placeholder<T>;
type Arguments<T> = [ParamsOf<T>] extends [never] ? [] : [Readonly<Record<ParamsOf<T>, string | number>>];

/** `t('title')`, `t('tools', { count: 3 })`: keys and place-holders are checked by the compiler. */
export type Translate<C> = <K extends keyof C>(key: K, ...values: Arguments<C[K]>) => string;

const locale = 'en';
const plurals = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);

/** The texts of one area of the console. Numbers are written as people of the language write them. */
export function catalogue<const C extends Readonly<Record<string, Text>>>(texts: C): Translate<C> {
  return (key, ...[values]) => {
    const text: Text = texts[key]!;
    const given: Readonly<Record<string, string | number>> = values ?? {};
    const form =
      typeof text === 'string' ? text : plurals.select(Number(given['count'])) === 'one' ? text.one : text.other;
    return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = given[name];
      return value === undefined ? whole : typeof value === 'number' ? numbers.format(value) : value;
    });
  };
}

/** A count as people write it: 12,345. */
export const formatNumber = (value: number): string => numbers.format(value);

const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' });
const steps = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Number.POSITIVE_INFINITY],
] as const;

/** A moment in full, in the reader's own time zone. */
export const formatTime = (iso: string): string => dates.format(new Date(iso));

/** A moment as seen from now: `5 minutes ago`, `in 3 days`. Both in milliseconds of the epoch. */
export function formatRelative(at: number, now: number): string {
  let value = Math.round((at - now) / 1000);
  if (Math.abs(value) < 5) return 'just now';
  for (const [unit, size] of steps) {
    if (Math.abs(value) < size) return relative.format(value, unit);
    value = Math.trunc(value / size);
  }
  return formatTime(new Date(at).toISOString());
}

/** Milliseconds as people read them: `840 ms`, `2.1 s`, `3 min 20 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}
