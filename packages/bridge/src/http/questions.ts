import { ascii, cut, splice, type ByteString } from '../messages/byte-string.ts';
import {
  edit,
  withId,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from '../messages/message.ts';
import { rpcCode } from '../messages/protocol.ts';
import type { Channel } from '../stdio/channel.ts';

interface Question {
  readonly request: RequestMessage;
  readonly timer: NodeJS.Timeout;
}

const mostOpen = 64;

/**
 * What a child asks its client (elicitation, sampling, roots), on its way there and back. The client sees ids of the
 * bridge's own; the child is always answered: by the client, or with an error when nobody can or does.
 */
export class Questions {
  readonly #channel: Channel;
  readonly #timeoutMs: number;
  readonly #open = new Map<string, Question>();
  #lastId = 0;

  constructor(channel: Channel, timeoutMs: number) {
    this.#channel = channel;
    this.#timeoutMs = timeoutMs;
  }

  get waiting(): boolean {
    return this.#open.size > 0;
  }

  /** @param deliver takes the question as the client shall see it; false when it cannot be brought to the client */
  ask(request: RequestMessage, deliver: (text: ByteString) => boolean): void {
    const id = String(++this.#lastId);
    if (this.#open.size >= mostOpen || !deliver(withId(request, ascii(id)))) {
      refuseQuestion(this.#channel, request);
      return;
    }
    const timer = setTimeout(() => {
      this.#open.delete(id);
      this.#channel.answer(request, { code: rpcCode.timedOut, message: 'The client did not answer in time.' });
    }, this.#timeoutMs);
    this.#open.set(id, { request, timer });
  }

  /** Take the client's answer to the child. @returns false when nothing of that id is open */
  answered(response: ResponseMessage): boolean {
    const id = cut(response.text, response.id);
    const question = this.#open.get(id);
    if (question === undefined) return false;
    this.#close(id, question);
    this.#channel.answer(question.request, response);
    return true;
  }

  /**
   * The child takes a question back.
   * @returns its notification with the id the client knows, or undefined when that question is not open
   */
  withdrawn(message: NotificationMessage): ByteString | undefined {
    const requestId = message.paramMembers.get('requestId');
    if (requestId === undefined) return undefined;
    const wanted = cut(message.text, requestId);
    for (const [id, question] of this.#open) {
      if (cut(question.request.text, question.request.id) !== wanted) continue;
      this.#close(id, question);
      return splice(message.text, [edit(requestId, ascii(id))]);
    }
    return undefined;
  }

  /** The client is gone: the child is told. */
  end(): void {
    for (const [id, question] of this.#open) {
      this.#close(id, question);
      refuseQuestion(this.#channel, question.request);
    }
  }

  #close(id: string, question: Question): void {
    clearTimeout(question.timer);
    this.#open.delete(id);
  }
}

/** Answer a child that asks where nobody can be asked. */
export const refuseQuestion = (channel: Channel, request: RequestMessage): void =>
  channel.answer(request, { code: rpcCode.methodNotFound, message: 'There is no client here that could be asked.' });
