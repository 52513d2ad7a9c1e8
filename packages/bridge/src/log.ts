/** What a log line may say besides its message: short facts, never a value of an argument, a result or a secret. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

/** One JSON object per line; levels as pino numbers them: 30 is info, 40 a warning, 50 an error. */
export interface Log {
  info(message: string, facts?: Facts): void;
  warn(message: string, facts?: Facts): void;
  error(message: string, facts?: Facts): void;
  /** A text of a peer with the known secrets blotted out. */
  clean(text: string): string;
}

/** Shorter values are words that occur anyway. */
const shortestSecret = 6;

/**
 * @param write takes one line with its end
 * @param secrets values that appear as `[NAME]` wherever they occur, by name
 */
export function createLog(write: (line: string) => void, secrets: Readonly<Record<string, string>> = {}): Log {
  const known = Object.entries(secrets)
    .filter(([, value]) => value.length >= shortestSecret)
    .toSorted(([, a], [, b]) => b.length - a.length);
  const clean = (text: string): string =>
    known.reduce((cleaned, [name, value]) => cleaned.replaceAll(value, `[${name}]`), text);
  const at =
    (level: number) =>
    (message: string, facts: Facts = {}) => {
      const cleaned = Object.entries(facts).map(([key, fact]) => [key, typeof fact === 'string' ? clean(fact) : fact]);
      const line = { level, time: new Date().toISOString(), msg: message, ...Object.fromEntries(cleaned) };
      write(`${JSON.stringify(line)}\n`);
    };
  return { info: at(30), warn: at(40), error: at(50), clean };
}

/** The beginning of a text a peer has sent, for a log line. */
export const clipped = (text: string, length = 200): string =>
  text.length > length ? `${text.slice(0, length)}… (${text.length} characters)` : text;
