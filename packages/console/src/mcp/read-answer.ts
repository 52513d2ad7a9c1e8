import type { McpAnswer } from './client.ts';
import { isObject, member, parseJson } from './json.ts';

/** More than the gateway lets any server answer with. */
const mostCharacters = 48 * 1024 * 1024;

/** The gateway's answer is not what the protocol says it is. */
export class McpFailure extends Error {
  override readonly name = 'McpFailure';
}

type Message = Pick<McpAnswer, 'result' | 'error'>;

/**
 * The message that answers a request, from JSON or from an event stream; what the stream says before is let pass.
 * @throws McpFailure where there is none
 */
export async function readAnswer(response: Response): Promise<Message> {
  const type = response.headers.get('content-type') ?? '';
  const message = type.startsWith('text/event-stream') ? await fromEvents(response) : messageIn(await textOf(response));
  if (message === undefined) throw new McpFailure(`The gateway answered with HTTP ${response.status} and no message.`);
  return message;
}

function messageIn(text: string): Message | undefined {
  const value = parseJson(text);
  const result = member(value, 'result');
  if (isObject(result)) return { result, error: undefined };
  const error = member(value, 'error');
  if (!isObject(error)) return undefined;
  const { code, message, data } = error;
  return {
    result: undefined,
    error: {
      code: typeof code === 'number' ? code : 0,
      message: typeof message === 'string' ? message : '',
      data,
    },
  };
}

async function textOf(response: Response): Promise<string> {
  let text = '';
  for await (const piece of piecesOf(response)) text += piece;
  return text;
}

/** Server-sent events (WHATWG HTML 9.2), of which the one with the answer is the last. */
async function fromEvents(response: Response): Promise<Message | undefined> {
  let rest = '';
  for await (const piece of piecesOf(response)) {
    const events = (rest + piece).split(/\r?\n\r?\n/);
    rest = events.pop() ?? '';
    for (const event of events) {
      const data = event
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''))
        .join('\n');
      const message = data === '' ? undefined : messageIn(data);
      if (message !== undefined) return message;
    }
  }
  return undefined;
}

/** The body as text, bounded. */
async function* piecesOf(response: Response): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let length = 0;
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
    length += next.value.length;
    if (length > mostCharacters) {
      await reader?.cancel();
      throw new McpFailure('The answer is larger than this page can show.');
    }
    yield next.value;
  }
}
