import type { Rule } from '@mcpnest/contract/schemas/rules';
import { t } from '../../strings/access-rules.ts';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Badge, StatusWord } from '../../ui/status.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';

/** Whether a rule gives or takes nothing any more. */
export const hasEnded = ({ expiresAt }: Pick<Rule, 'expiresAt'>): boolean =>
  expiresAt !== null && Date.parse(expiresAt) <= Date.now();

/** allow or deny, as a word with its shape. */
export const Effect = ({ effect }: Pick<Rule, 'effect'>) => (
  <StatusWord tone={effect === 'allow' ? 'ok' : 'bad'}>{t(effect)}</StatusWord>
);

/** A rule in one row. */
export const ruleColumns: readonly Column<Rule>[] = [
  {
    id: 'effect',
    header: t('effect'),
    width: '5rem',
    sortBy: ({ effect }) => effect,
    cell: (rule) => <Effect effect={rule.effect} />,
  },
  {
    id: 'subject',
    header: t('subject'),
    width: 'minmax(9rem, 2fr)',
    sortBy: ({ subject }) => subject,
    cell: ({ subject, absolute }) => (
      <span className="flex items-center gap-2">
        <UntrustedText text={subject} />
        {absolute && <Badge tone="bad">{t('absolute')}</Badge>}
      </span>
    ),
  },
  {
    id: 'object',
    header: t('object'),
    width: 'minmax(9rem, 2fr)',
    sortBy: ({ object }) => object,
    cell: ({ object }) => <UntrustedText mono text={object} />,
  },
  {
    id: 'until',
    header: t('until'),
    width: '8rem',
    sortBy: ({ expiresAt }) => expiresAt ?? '9',
    cell: (rule) => <Until rule={rule} />,
  },
  {
    id: 'note',
    header: t('note'),
    width: 'minmax(6rem, 2fr)',
    cell: ({ note }) => <UntrustedText text={note} />,
  },
];

/** When a rule ends, or that it has. */
export const Until = ({ rule }: { readonly rule: Pick<Rule, 'expiresAt'> }) =>
  rule.expiresAt === null ? (
    <>{t('forGood')}</>
  ) : (
    <span className={hasEnded(rule) ? 'text-quiet line-through' : undefined}>
      <RelativeTime at={rule.expiresAt} />
    </span>
  );
