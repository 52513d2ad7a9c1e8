const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

const paint =
  (code: number) =>
  (text: string): string =>
    colour ? `\u001b[${code}m${text}\u001b[0m` : text;

export const green = paint(32);
export const red = paint(31);
export const dim = paint(2);
export const bold = paint(1);

export const print = (text = ''): void => {
  process.stdout.write(`${text}\n`);
};

/** Milliseconds as a person reads them: `840 ms`, `2.1 s`, `3 min 20 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

/** A failure whose message is the whole story: what is wrong and what to do about it. */
export class Problem extends Error {
  override readonly name = 'Problem';
}

/** Do one thing and show that it is done, with its time: `✓ label (12 ms)`. The result may add words to the line. */
export async function step<T>(label: string, work: () => Promise<T> | T, say?: (result: T) => string): Promise<T> {
  const started = performance.now();
  try {
    const result = await work();
    const more = say === undefined ? '' : ` ${say(result)}`;
    print(`${green('✓')} ${label}${more} ${dim(`(${duration(performance.now() - started)})`)}`);
    return result;
  } catch (error) {
    print(`${red('✗')} ${label} ${dim(`(${duration(performance.now() - started)})`)}`);
    throw error;
  }
}

/** Run a task's main function: a `Problem` ends it with its message and exit code 1, anything else with its stack. */
export async function runTask(main: () => Promise<number | void>): Promise<void> {
  try {
    process.exit((await main()) ?? 0);
  } catch (error) {
    if (error instanceof Problem) print(`${red('✗')} ${error.message}`);
    else print(error instanceof Error ? error.stack : String(error));
    process.exit(1);
  }
}
