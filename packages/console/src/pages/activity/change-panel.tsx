import type { AuditEvent } from '@mcpnest/contract/schemas/records';
import { t } from '../../strings/activity.ts';
import { KeyValueList } from '../../ui/card.tsx';
import { CodeBlock, CopyButton } from '../../ui/copy.tsx';
import { SidePanel } from '../../ui/dialog.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';

export interface ChangePanelProps {
  readonly event: AuditEvent | undefined;
  readonly onClose: () => void;
}

/** One change with its details, beside the list. */
export function ChangePanel({ event, onClose }: ChangePanelProps) {
  return (
    <SidePanel open={event !== undefined} onClose={onClose} title={event?.action ?? ''}>
      {event !== undefined && (
        <div className="flex flex-col gap-4">
          <KeyValueList
            items={{
              [t('changesWhen')]: <RelativeTime at={event.createdAt} />,
              [t('changesWho')]: (
                <span>
                  <UntrustedText text={event.actorEmail ?? event.actor} limit={200} />
                  <span className="block font-mono text-xs break-all text-quiet">{event.actor}</span>
                </span>
              ),
              [t('changesTarget')]: <UntrustedText text={event.target ?? t('changesErased')} />,
              [t('changesPlace')]:
                event.chain.node === null
                  ? t(`chain_${event.chain.state}`)
                  : `${t(`chain_${event.chain.state}`)}: ${event.chain.node}, ${event.chain.epoch}/${event.chain.seq}`,
              [t('callId')]: (
                <span className="inline-flex items-center gap-1">
                  <code className="font-mono text-sm break-all">{event.id}</code>
                  <CopyButton text={event.id} />
                </span>
              ),
            }}
          />
          <CodeBlock
            label={t('changesDetail')}
            code={event.detail === null ? t('changesErased') : JSON.stringify(event.detail, null, 2)}
          />
        </div>
      )}
    </SidePanel>
  );
}
