import { readMessage, type Message } from './message.ts';
import { memberText } from './translate.ts';

/**
 * The same request with these members of its params replaced: JSON texts, or undefined to leave one out. Everything else
 * has the bytes it came with.
 */
export function withParams(message: Message, replaced: Readonly<Record<string, string | undefined>>): Message {
  const { bytes, params, idText, method } = message;
  const members = (params?.keys ?? []).flatMap((key, i) =>
    Object.hasOwn(replaced, key) ? [] : [memberText(bytes, key, params!.children[i]!)],
  );
  for (const [key, text] of Object.entries(replaced)) if (text !== undefined) members.push(`"${key}":${text}`);
  const text = `{"jsonrpc":"2.0","id":${idText},"method":${JSON.stringify(method)},"params":{${members.join(',')}}}`;
  return readMessage(Buffer.from(text));
}
