import { readVariables, type Environment } from '../config/env.ts';
import { Secret } from '../domain/secret.ts';
import { tokenPrefix } from '../domain/token.ts';
import { UsageError } from './fault.ts';
import { openKeychain } from './keychain.ts';
import { readTokens, tokenFile, writeTokens } from './token-file.ts';

/** Where gateway tokens of this person are kept, one per gateway URL. */
export interface TokenStore {
  /**
   * The token for a gateway: of the environment, else of the keychain, else of the token file.
   * @returns with where it came from; undefined if there is none
   * @throws UsageError when one is there but cannot be used, with the remedy
   */
  find(url: URL): Promise<{ readonly token: Secret; readonly from: string } | undefined>;
  /** @returns where it is kept now: the keychain, or the token file on a machine without one */
  store(url: URL, token: Secret): Promise<string>;
  /** @returns whether there was one */
  forget(url: URL): Promise<boolean>;
}

export function openTokenStore(environment: Environment, platform: NodeJS.Platform = process.platform): TokenStore {
  const keychain = openKeychain(platform, environment);
  const file = tokenFile(platform, environment);
  const forgetInFile = (url: URL): boolean => {
    const tokens = new Map(readTokens(file, platform));
    if (!tokens.delete(url.href)) return false;
    writeTokens(file, tokens);
    return true;
  };
  return {
    async find({ href }) {
      const given = tokenOfEnvironment(environment);
      if (given !== undefined) return { token: given, from: 'MCPNEST_TOKEN' };
      const kept = await keychain?.find(href);
      if (kept !== undefined) return { token: gatewayToken(kept), from: 'the keychain' };
      const written = readTokens(file, platform).get(href);
      return written === undefined ? undefined : { token: gatewayToken(written), from: file };
    },
    async store(url, token) {
      if ((await keychain?.store(url.href, token.reveal())) === true) {
        forgetInFile(url);
        return 'the keychain';
      }
      writeTokens(file, new Map(readTokens(file, platform)).set(url.href, token.reveal()));
      return file;
    },
    async forget(url) {
      const inKeychain = (await keychain?.forget(url.href)) ?? false;
      return forgetInFile(url) || inKeychain;
    },
  };
}

/**
 * A text as a gateway token.
 * @throws UsageError when it is none
 */
export function gatewayToken(text: string): Secret {
  const kind = tokenPrefix(text.trim());
  if (kind === 'mng_') return new Secret(text.trim());
  if (kind === 'mnk_')
    throw new UsageError('That is a control key (mnk_…); clients need a gateway token (mng_…): mcpnest token issue');
  throw new UsageError(
    'That is no gateway token: one is mng_ and 48 hexadecimal digits. Make one with: mcpnest token issue',
  );
}

/** Only the one variable is looked at: a client's environment need not fit a server. */
function tokenOfEnvironment(environment: Environment): Secret | undefined {
  const { values, problems } = readVariables(environment);
  const problem = problems.find(({ variable }) => /^MCPNEST_TOKEN(_FILE)?$/.test(variable));
  if (problem !== undefined) throw new UsageError(`${problem.variable} ${problem.message}.`);
  return values.MCPNEST_TOKEN === undefined ? undefined : gatewayToken(values.MCPNEST_TOKEN);
}
