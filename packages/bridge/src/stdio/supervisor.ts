import type { Log } from '../log.ts';
import { StartFailed, type StdioServer } from './stdio-server.ts';

/** How restarts are spread; milliseconds. */
export interface RestartPlan {
  readonly firstMs: number;
  readonly mostMs: number;
  /** A server that lived this long has not crashed in a loop. */
  readonly stableMs: number;
}

export const restartPlan: RestartPlan = { firstMs: 250, mostMs: 15_000, stableMs: 60_000 };

export interface SupervisorOptions {
  readonly start: () => Promise<StdioServer>;
  readonly plan: RestartPlan;
  /** Restarts in a row before it is given up. */
  readonly maxRestarts: number;
  readonly log: Log;
  /** The server has ended, and another may follow. */
  readonly ended: () => void;
  /** The server ends again and again; nothing more is tried. */
  readonly gaveUp: () => void;
}

/** Keeps one server running: restarts it with growing pauses and gives up when it only crashes. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  #current: StdioServer | undefined;
  #starting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #crashes = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** The server, while it is open; undefined between a crash and the next handshake. */
  get current(): StdioServer | undefined {
    return this.#current;
  }

  /** The first start. @throws StartFailed */
  async start(): Promise<void> {
    const server = await this.#options.start();
    this.#current = server;
    const since = performance.now();
    void server.ended.then((how) => this.#ended(how, performance.now() - since));
  }

  /** Resolves when the server has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#starting;
    await this.#current?.stop();
  }

  #ended(how: string, livedMs: number): void {
    this.#current = undefined;
    this.#options.ended();
    if (this.#stopped) return;
    if (livedMs >= this.#options.plan.stableMs) this.#crashes = 0;
    this.#options.log.error('the server ended', { how, livedMs: Math.round(livedMs) });
    this.#restart();
  }

  #restart(): void {
    const { plan, maxRestarts, log, gaveUp } = this.#options;
    if (++this.#crashes > maxRestarts) {
      log.error('the server keeps ending and is given up', { restarts: maxRestarts });
      gaveUp();
      return;
    }
    const pauseMs = Math.min(plan.mostMs, plan.firstMs * 2 ** (this.#crashes - 1));
    this.#timer = setTimeout(() => {
      this.#starting = this.start().catch((error: unknown) => {
        if (!(error instanceof StartFailed)) throw error;
        log.error('the server did not restart', { reason: error.message });
        if (!this.#stopped) this.#restart();
      });
    }, pauseMs);
  }
}
