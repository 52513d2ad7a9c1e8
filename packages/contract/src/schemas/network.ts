import { z } from 'zod';
import { id, note, time } from './common.ts';

/**
 * `host:port` exactly as it stands in a server's URL: a name, an IPv4 address or an IPv6 address in brackets.
 * No wildcards and no ranges: private targets are opened one by one.
 */
export const networkTarget = z
  .string()
  .trim()
  .toLowerCase()
  .max(260)
  .superRefine((text, context) => {
    if (splitTarget(text) === undefined) {
      context.addIssue({
        code: 'custom',
        message: 'must be host:port, e.g. 127.0.0.1:9101, db.internal:8080 or [::1]:9101',
      });
    }
  });

/** Split `host:port`; undefined when it is not one. IPv6 hosts keep their brackets, as in a URL. */
export function splitTarget(text: string): { host: string; port: number } | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?):([0-9]{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[2]);
  if (port < 1 || port > 65_535) return undefined;
  // The URL parser writes an address the one way a server's URL will carry it ([0:0::1] → [::1], 0x7f.1 → 127.0.0.1).
  const url = `http://${match[1]!}:${port}`;
  if (!URL.canParse(url)) return undefined;
  return { host: new URL(url).hostname, port };
}

export const networkEntry = z.object({
  id,
  target: z.string().describe('host:port'),
  host: z.string(),
  port: z.int(),
  note: z.string(),
  createdBy: z.string(),
  createdAt: time,
});
export type NetworkEntry = z.output<typeof networkEntry>;

export const networkList = z.object({ items: z.array(networkEntry) });

export const networkAllow = z.strictObject({
  target: networkTarget.describe('host:port to open.'),
  note: note.default(''),
});
