import type { Token } from '@mcpnest/contract/schemas/tokens';
import type { StatusTone } from '../../ui/status.tsx';

type Word = 'living' | 'revoked' | 'ended' | 'replaced';

/** Whether a token opens anything at the moment. */
export const isLiving = ({ revokedAt, expiresAt }: Pick<Token, 'revokedAt' | 'expiresAt'>): boolean =>
  (revokedAt === null || Date.parse(revokedAt) > Date.now()) &&
  (expiresAt === null || Date.parse(expiresAt) > Date.now());

/** How a token is doing, as a word and the tone of it. */
export function tokenState(token: Pick<Token, 'revokedAt' | 'expiresAt' | 'replacedBy'>): {
  readonly tone: StatusTone;
  readonly word: Word;
} {
  if (isLiving(token))
    return token.replacedBy === null ? { tone: 'ok', word: 'living' } : { tone: 'warn', word: 'replaced' };
  return token.revokedAt === null ? { tone: 'off', word: 'ended' } : { tone: 'bad', word: 'revoked' };
}
