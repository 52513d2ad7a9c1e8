import type { Approval } from '@mcpnest/contract/schemas/approvals';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';

const tones: Readonly<Record<Approval['state'], StatusTone>> = {
  pending: 'info',
  approved: 'ok',
  used: 'ok',
  refused: 'bad',
  expired: 'off',
  void: 'off',
};

/** What a request has come to, as a word and a shape. */
export const ApprovalState = ({ state }: Pick<Approval, 'state'>) => (
  <StatusWord tone={tones[state]}>{state}</StatusWord>
);
