import type { AccessItem } from '@mcpnest/contract/schemas/access';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../../api/queries.ts';
import { Asked } from '../../../components/asked.tsx';
import { useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/server-parts.ts';
import { SidePanel } from '../../../ui/dialog.tsx';
import { StatusWord } from '../../../ui/status.tsx';
import type { StatusTone } from '../../../ui/status.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';

interface WhyPanelProps {
  readonly server: string;
  readonly of: 'members' | 'machines';
  /** Id of the member or machine; undefined: closed. */
  readonly who: string | undefined;
  readonly onClose: () => void;
}

const verdicts: Readonly<Record<AccessItem['verdict'], readonly [StatusTone, string]>> = {
  allowed: ['ok', t('allowedWord')],
  denied: ['bad', t('deniedWord')],
  hidden: ['off', t('hiddenWord')],
};

/** Tool by tool, what decides and why. */
export function WhyPanel({ server, of, who, onClose }: WhyPanelProps) {
  const workspace = useWorkspace();
  const query = useQuery({
    ...apiQuery('access', 'explain', {
      params: { workspace },
      query: { server, ...(of === 'machines' ? { machine: who } : { member: who }) },
    }),
    enabled: who !== undefined,
  });
  return (
    <SidePanel
      wide
      open={who !== undefined}
      onClose={onClose}
      title={t('whyTitle', { who: query.data?.subject ?? '…' })}
    >
      <Asked query={query}>
        {({ items, ask }) => (
          <div className="flex flex-col gap-4">
            <ul className="flex flex-col divide-y divide-line">
              {items.map((item) => (
                <li key={item.tool ?? ''} className="flex flex-col gap-0.5 py-2.5">
                  <span className="flex items-center justify-between gap-4">
                    <span className="min-w-0 truncate">
                      <UntrustedText mono limit={100} text={item.tool ?? t('serverWhole')} />
                    </span>
                    <StatusWord tone={verdicts[item.verdict][0]}>
                      {verdicts[item.verdict][1]}
                      {item.approval && `, ${t('withApproval').toLowerCase()}`}
                    </StatusWord>
                  </span>
                  <span className="text-sm text-quiet">{item.reason}</span>
                  <span className="font-mono text-xs text-quiet">{item.rule}</span>
                </li>
              ))}
            </ul>
            {ask.length > 0 && <p className="text-sm text-quiet">{t('askWhom', { who: ask.join(', ') })}</p>}
          </div>
        )}
      </Asked>
    </SidePanel>
  );
}
