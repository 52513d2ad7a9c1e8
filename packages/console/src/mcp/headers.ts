import { isObject, member } from './json.ts';
import type { Json } from './json.ts';

/** A value as header fields carry it: visible ASCII as it is, anything else in `=?base64?…?=`. */
export function encodeHeader(value: string): string {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !/^=\?base64\?.*\?=$/.test(value);
  if (plain) return value;
  const bytes = new TextEncoder().encode(value);
  return `=?base64?${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}?=`;
}

/** How deep a schema is searched for headers. */
const mostLevels = 8;

/**
 * The `Mcp-Param-*` headers that a tool asks for with `x-mcp-header` (2026-07-28, Streamable HTTP): arguments that are
 * there, are text, whole numbers or booleans, and are reached through `properties` alone.
 */
export function paramHeaders(schema: Json, args: Json | undefined, level = 0): Record<string, string> {
  const properties = member(schema, 'properties');
  if (!isObject(properties) || !isObject(args) || level > mostLevels) return {};
  const headers: Record<string, string> = {};
  for (const [key, property] of Object.entries(properties)) {
    const value = member(args, key);
    if (value === undefined || value === null) continue;
    const header = member(property, 'x-mcp-header');
    const sendable = typeof value === 'string' || typeof value === 'boolean' || Number.isInteger(value);
    if (typeof header === 'string' && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/.test(header) && sendable)
      headers[`mcp-param-${header}`] = encodeHeader(String(value));
    Object.assign(headers, paramHeaders(property, value, level + 1));
  }
  return headers;
}
