import type { Message } from '../message.ts';
import { withParams } from '../rewritten.ts';

/** What a request carries when it is sent once more (2026-07-28, mrtr); JSON text. */
export interface RetryMembers {
  readonly inputResponses?: string;
  readonly requestState?: string;
}

/** The same request with these members in place of any such it had; everything else has the bytes it came with. */
export const retried = (message: Message, { inputResponses, requestState }: RetryMembers): Message =>
  withParams(message, { inputResponses, requestState });
