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
    case 'array':
      return `[${node.children.map((child) => canonicalJson(bytes, child)).join(',')}]`;
    case 'object': {
      if (node.keys.length === 0) return '{}';
      const order = node.keys.map((_, index) => index);
      if (order.length > 1) order.sort((a, b) => (node.keys[a]! < node.keys[b]! ? -1 : 1));
      return `{${order.map((i) => `${JSON.stringify(node.keys[i])}:${canonicalJson(bytes, node.children[i]!)}`).join(',')}}`;
    }
    default:
      return sourceText(bytes, node);
  }
}
