import { client } from '../../../api/client.ts';

/** What a token must still live to be used again. */
const marginMs = 60_000;
const tokens = new Map<string, { readonly secret: string; readonly until: number }>();

/**
 * A gateway token of the person's own to try tools with, in memory only and used again while it lives.
 * @throws ApiError
 */
export async function consoleToken(workspace: string): Promise<string> {
  const held = tokens.get(workspace);
  if (held !== undefined && held.until - marginMs > Date.now()) return held.secret;
  const { secret, token } = await client.tokens.issueForConsole({ params: { workspace } });
  tokens.set(workspace, { secret, until: token.expiresAt === null ? 0 : Date.parse(token.expiresAt) });
  return secret;
}

/** Forget a token that the gateway no longer takes. */
export const forgetConsoleToken = (workspace: string): void => void tokens.delete(workspace);
