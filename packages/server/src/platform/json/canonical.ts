import { quoted } from './quoted.ts';
import { sourceText, type JsonNode } from './scan.ts';

/**
 * Canonical text of a scanned value: no white space, members sorted by UTF-16 code units, strings in their shortest
 * escaping, as RFC 8785 says, except that numbers keep their source text: two arguments that differ only beyond 2^53
 * are different arguments. The node must have been scanned with all its descendants.
 */
export function canonicalJson(bytes: Buffer, node: JsonNode): string {
  switch (node.kind) {
    case 'string': {
      const text = sourceText(bytes, node);
      return text.includes('\\') ? JSON.stringify(JSON.parse(text)) : text;
    }
    case 'array': {
      let text = '';
      for (const child of node.children) text += `${text === '' ? '' : ','}${canonicalJson(bytes, child)}`;
      return `[${text}]`;
    }
    case 'object': {
      let text = '';
      for (const i of memberOrder(node.keys)) {
        text += `${text === '' ? '' : ','}${quoted(node.keys[i]!)}:${canonicalJson(bytes, node.children[i]!)}`;
      }
      return `{${text}}`;
    }
    default:
      return sourceText(bytes, node);
  }
}

function memberOrder(keys: readonly string[]): number[] {
  const order = keys.map((_, index) => index);
  return order.length > 1 ? order.sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1)) : order;
}
