import { memberText } from '../translate.ts';
import { readMessage, type Message } from '../message.ts';

/** What a request carries when it is sent once more (2026-07-28, mrtr); JSON text. */
export interface RetryMembers {
  readonly inputResponses?: string;
  readonly requestState?: string;
}

/** The same request with these members in place of any such it had; everything else has the bytes it came with. */
export function retried(message: Message, retry: RetryMembers): Message {
  const { bytes, params, idText, method } = message;
  const members = (params?.keys ?? []).flatMap((key, i) =>
    key === 'inputResponses' || key === 'requestState' ? [] : [memberText(bytes, key, params!.children[i]!)],
  );
  for (const [key, text] of Object.entries(retry)) members.push(`"${key}":${text}`);
  const text = `{"jsonrpc":"2.0","id":${idText},"method":${JSON.stringify(method)},"params":{${members.join(',')}}}`;
  return readMessage(Buffer.from(text));
}
