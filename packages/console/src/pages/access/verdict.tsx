import type { AccessItem } from '@mcpnest/contract/schemas/access';
import type { ReactNode } from 'react';
import { t } from '../../strings/access-decisions.ts';
import { KeyValueList } from '../../ui/card.tsx';
import { StatusWord } from '../../ui/status.tsx';
import type { StatusTone } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { Effect, Until } from './rule-columns.tsx';

const tones = { allowed: 'ok', denied: 'bad', hidden: 'off' } as const satisfies Record<string, StatusTone>;

/** What would become of a call, in a word or few. */
export const VerdictWord = ({ verdict, approval }: Pick<AccessItem, 'verdict' | 'approval'>) =>
  verdict === 'allowed' && approval ? (
    <StatusWord tone="info">{t('needsApproval')}</StatusWord>
  ) : (
    <StatusWord tone={tones[verdict]}>{t(verdict)}</StatusWord>
  );

export interface VerdictProps {
  readonly item: AccessItem;
  /** Who can change it, by email. */
  readonly ask: readonly string[];
}

/** What would become of a call, which rule says so, and who can change it. */
export function Verdict({ item, ask }: VerdictProps) {
  const { decidedBy, wouldDeny } = item;
  const items: Record<string, ReactNode> = {
    [t('verdict')]: <VerdictWord verdict={item.verdict} approval={item.approval} />,
    [t('tool')]: <UntrustedText mono text={item.tool === null ? item.server : `${item.server}:${item.tool}`} />,
    [t('reason')]: <UntrustedText text={item.reason} />,
    [t('rule')]: <span className="font-mono text-sm">{item.rule}</span>,
  };
  if (decidedBy !== null)
    items[t('ruleSays')] = (
      <span className="flex flex-wrap items-center gap-x-2">
        <Effect effect={decidedBy.effect} />
        <UntrustedText text={decidedBy.subject} />
        <UntrustedText mono text={decidedBy.object} />
        <span className="text-sm text-quiet">
          <Until rule={decidedBy} />
        </span>
      </span>
    );
  if (wouldDeny !== null) items[''] = t('wouldDeny', { rule: wouldDeny });
  items[t('askWhom')] = ask.join(', ');
  return <KeyValueList items={items} />;
}
