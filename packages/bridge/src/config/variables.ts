/** What the process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings cannot be used; the message lists every problem with its variable and shows no value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** Reads variables one by one and collects what is wrong with them, to be told all at once. */
export class VariableReader {
  readonly #environment: Environment;
  readonly #problems: string[] = [];
  readonly #known = new Set<string>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** The value, or undefined where it is not set or empty. */
  text(name: string): string | undefined {
    this.#known.add(name);
    const value = this.#environment[name];
    return value === '' ? undefined : value;
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    this.problem(name, `must be a whole number from ${least} to ${most}`);
    return fallback;
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined) this.problem(name, `must be one of ${choices.join(', ')}`);
    return chosen ?? fallback;
  }

  /** Comma-separated. */
  list(name: string): string[] {
    const items = (this.text(name) ?? '').split(',').map((item) => item.trim());
    return items.filter((item) => item !== '');
  }

  problem(name: string, what: string): void {
    this.#problems.push(`${name} ${what}`);
  }

  /**
   * To be called last.
   * @param prefix variables that begin with it and were never asked for are refused: they are misspelt
   * @throws SettingsError
   */
  finish(prefix: string): void {
    for (const name of Object.keys(this.#environment)) {
      if (name.startsWith(prefix) && !this.#known.has(name)) this.problem(name, 'is not a variable of the bridge');
    }
    if (this.#problems.length > 0) throw new SettingsError(this.#problems.join('\n'));
  }
}
