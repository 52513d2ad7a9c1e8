import type { Clock } from '../../platform/clock.ts';
import type { Connection } from './connection.ts';
import { discover, type Verdict } from './handshake.ts';

/** A verdict rests on evidence, and evidence ages: it is asked for again after this long. */
const verdictMs = 60 * 60_000;

/** Which generation of the protocol an upstream speaks, as far as it is known. */
export class Generation {
  readonly #connection: Connection;
  readonly #clock: Clock;
  #verdict: Verdict | undefined;
  /** Monotonic milliseconds. */
  #at = 0;
  #discovering: Promise<Verdict> | undefined;

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Undefined where it was never asked, or too long ago. */
  get known(): Verdict | undefined {
    return this.#verdict !== undefined && this.#clock.monotonic() - this.#at < verdictMs ? this.#verdict : undefined;
  }

  /** Something speaks against what is known. */
  doubt(): void {
    this.#verdict = undefined;
  }

  /** What is known, asked for if need be; all who wait share one question. @throws UpstreamFault */
  async learn(): Promise<Verdict> {
    const { known } = this;
    if (known !== undefined) return known;
    this.#discovering ??= discover((ask) => this.#connection.ask(ask))
      .then((verdict) => {
        this.#verdict = verdict;
        this.#at = this.#clock.monotonic();
        return verdict;
      })
      .finally(() => {
        this.#discovering = undefined;
      });
    return this.#discovering;
  }
}

/** Whether to speak the modern way. */
export const speaksModern = ({ modern, legacy }: Verdict, preferModern: boolean): boolean =>
  modern && (preferModern || !legacy);
