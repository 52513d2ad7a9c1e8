import { hash } from 'node:crypto';
import { canonicalJson } from './json/canonical.ts';
import { JsonRejected, scanJson, type JsonNode, type ScanLimits } from './json/scan.ts';

/** Bytes one definition may have. */
export const maxDefinitionBytes = 64 * 1024;

const limits: ScanLimits = { maxDepth: 128, maxElements: 50_000, maxKeys: 5_000, nodeDepth: 128, strict: true };

/** Scan the text of a tool, prompt, resource or template. @returns undefined for one that cannot be used */
export function scanDefinition(bytes: Buffer): JsonNode | undefined {
  if (bytes.length > maxDefinitionBytes) return undefined;
  try {
    return scanJson(bytes, limits);
  } catch (error) {
    if (error instanceof JsonRejected) return undefined;
    throw error;
  }
}

/** What makes a definition what it is: its canonical text without `_meta`. */
export function canonicalDefinition(bytes: Buffer, root: JsonNode): string {
  const kept = root.keys.map((key, i) => ({ key, node: root.children[i]! })).filter(({ key }) => key !== '_meta');
  return canonicalJson(bytes, { ...root, keys: kept.map(({ key }) => key), children: kept.map(({ node }) => node) });
}

/** SHA-256 of a canonical definition, in lower-case hex: the identity an approval or a record can pin. */
export const definitionHash = (canonical: string): string => hash('sha256', canonical, 'hex');
