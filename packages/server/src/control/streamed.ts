import { isStreamed, type ByteStream, type Operation } from '@mcpnest/contract/operation';
import { AppError } from '../domain/errors.ts';
import type { Log } from '../platform/log.ts';

/**
 * Bytes as they are made, as the answer of an operation that declares them. What breaks them is logged here: the HTTP
 * adapter would print it, and could write it behind what has left already.
 * @throws AppError `internal` when they are not of a media type that the operation declares
 */
export function streamedResponse(
  { id, status, response }: Operation,
  { contentType, headers, body }: ByteStream,
  log: Log,
): Response {
  if (!isStreamed(response) || !response.media.includes(contentType))
    throw new AppError('internal', 'The answer is not of a declared media type.');
  const told = toldOf(body, (error) => log.error({ err: error, operation: id }, 'control: an answer broke off'));
  return new Response(told, { status, headers: { ...headers, 'content-type': contentType } });
}

/**
 * Nothing is read ahead, so that a failure always meets a reader, who then breaks the connection; and who goes away
 * before the first byte is heard of as well, so that what was opened for them is closed.
 */
function toldOf(body: ByteStream['body'], tell: (error: unknown) => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let left = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { value, done } = await reader.read();
          if (left) return;
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          if (left) return;
          tell(error);
          controller.error(brokenOff());
        }
      },
      cancel: (reason) => {
        left = true;
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** By this code the adapter knows an answer that ended early; it prints neither message nor stack then. */
const brokenOff = (): Error =>
  Object.assign(new Error('The answer broke off.'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
