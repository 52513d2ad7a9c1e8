import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** The verbs of a container engine that putting images into it needs (Docker Engine API 1.41 and newer). */
export class ImageEngine {
  readonly #socketPath: string;

  /** @param socketPath of the engine's API */
  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** @returns the engine's id of an image; undefined if it has none of that name */
  async find(name: string): Promise<string | undefined> {
    const { status, body } = await this.#ask('GET', `/images/${encodeURIComponent(name)}/json`);
    if (status === 404) return undefined;
    const id = status === 200 ? (JSON.parse(body) as { Id?: unknown }).Id : undefined;
    if (typeof id !== 'string') throw this.#failed(`answered ${status} when asked for an image`);
    return id;
  }

  /**
   * What the engine calls an image it was given.
   * @throws Error when it has none
   */
  async idOf(name: string): Promise<string> {
    const id = await this.find(name);
    if (id === undefined) throw this.#failed(`has taken ${name}, and does not know it`);
    return id;
  }

  /** @param archive in the form of `docker save` */
  async load(archive: AsyncIterable<Buffer>): Promise<void> {
    const { status, body } = await this.#ask('POST', '/images/load?quiet=1', archive);
    const error = /"error":"([^"]*)"/.exec(body)?.[1];
    if (status !== 200 || error !== undefined) {
      throw this.#failed(`has not taken the images: ${error ?? `status ${status}`}`);
    }
  }

  async #ask(method: string, path: string, content?: AsyncIterable<Buffer>): Promise<{ status: number; body: string }> {
    const headers = content === undefined ? {} : { 'Content-Type': 'application/x-tar' };
    const call = request({
      socketPath: this.#socketPath,
      method,
      path: `/v1.41${path}`,
      headers,
      timeout: 15 * 60_000,
    });
    const answered = new Promise<{ status: number; body: string }>((resolve, reject) => {
      call.once('error', reject);
      call.once('timeout', () => call.destroy(new Error('no answer in 15 minutes')));
      call.once('response', (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (body = (body + part).slice(-1024 * 1024)));
        response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.once('error', reject);
      });
    });
    const sent = content === undefined ? Promise.resolve(call.end()) : pipeline(Readable.from(content), call);
    try {
      const [answer] = await Promise.all([answered, sent]);
      return answer;
    } catch (error) {
      throw this.#failed(`cannot be reached (${error instanceof Error ? error.message : String(error)})`);
    }
  }

  #failed(what: string): Error {
    return new Error(
      `The container engine at ${this.#socketPath} ${what}. Is it running, may this user write to its socket, is there room on its disk? --socket names another; --output tar needs none.`,
    );
  }
}
