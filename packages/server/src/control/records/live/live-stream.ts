/** Bytes that wait for one reader; of what comes beyond, only the number is told. */
const mostWaiting = 1024 * 1024;
const heartbeatMs = 15_000;

/** Server-sent events (WHATWG HTML 9.2) towards one reader, who may be slow or gone. */
export class LiveStream {
  readonly body: ReadableStream<Uint8Array>;
  #waiting: string[] = ['retry: 2000\n\n'];
  #bytes = 0;
  #skipped = 0;
  #ended = false;
  #cancelled = false;
  #wake: (() => void) | undefined;
  readonly #heartbeat: NodeJS.Timeout;

  /**
   * @param opened called when somebody begins to read
   * @param closed called once, when the stream has ended or nobody reads any more
   */
  constructor(opened: () => void, closed: () => void) {
    let started = false;
    this.#heartbeat = setInterval(() => this.#push(': alive\n\n'), heartbeatMs).unref();
    const finish = (): void => {
      clearInterval(this.#heartbeat);
      closed();
    };
    this.body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          if (!started) opened();
          started = true;
          if (this.#waiting.length === 0 && !this.#ended)
            await new Promise<void>((resolve) => {
              this.#wake = resolve;
            });
          if (this.#cancelled) return;
          const text = this.#take();
          if (text !== '') controller.enqueue(Buffer.from(text));
          if (!this.#ended) return;
          finish();
          controller.close();
        },
        cancel: () => {
          this.#cancelled = true;
          this.#wake?.();
          finish();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Tell something; what there is no room for is counted. */
  event(name: string, data: unknown): void {
    const text = `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
    if (this.#bytes + text.length > mostWaiting) this.#skipped++;
    else this.#push(text);
  }

  /** Say why, and end. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#push(`event: end\ndata: ${JSON.stringify({ reason })}\n\n`);
  }

  #push(text: string): void {
    // A reader who takes nothing needs no more than one sign of life.
    if (text.startsWith(':') && this.#waiting.length > 0) return;
    this.#waiting.push(text);
    this.#bytes += text.length;
    this.#wake?.();
    this.#wake = undefined;
  }

  #take(): string {
    let text = this.#waiting.join('');
    if (this.#skipped > 0) text += `event: skipped\ndata: ${JSON.stringify({ count: this.#skipped })}\n\n`;
    this.#waiting = [];
    this.#bytes = 0;
    this.#skipped = 0;
    return text;
  }
}
