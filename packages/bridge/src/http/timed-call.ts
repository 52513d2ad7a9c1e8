import type { ByteString } from '../messages/byte-string.ts';
import type { RequestMessage } from '../messages/message.ts';
import { rpcCode } from '../messages/protocol.ts';
import { CallFailed, type Call, type Channel } from '../stdio/channel.ts';

export interface CallTimes {
  /** Milliseconds without any sign of progress. */
  readonly idleMs: number;
  /** Milliseconds in all; progress does not extend them. */
  readonly totalMs: number;
  /** Whether a person is being waited for, which is no idleness of the child's. */
  readonly waiting?: () => boolean;
}

/**
 * A call that is cancelled when the child takes too long over it.
 * @param progress as for `Channel.request`
 */
export function timedCall(
  channel: Channel,
  message: RequestMessage,
  { idleMs, totalMs, waiting }: CallTimes,
  progress: (text: ByteString) => void,
): Call {
  const call = channel.request(message, (text) => {
    idle.refresh();
    progress(text);
  });
  const late = (): void => call.cancel(new CallFailed(rpcCode.timedOut, 'The server did not answer in time.'));
  const idle = setTimeout(() => (waiting?.() === true ? idle.refresh() : late()), idleMs);
  const total = setTimeout(late, totalMs);
  const done = (): void => {
    clearTimeout(idle);
    clearTimeout(total);
  };
  call.answer.then(done, done);
  return call;
}
