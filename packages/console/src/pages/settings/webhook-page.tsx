import type { Webhook } from '@mcpnest/contract/schemas/webhooks';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { webhookEvents } from '../../api/webhook-events.precomputed.ts';
import { ActorText } from '../../components/actor-text.tsx';
import { Asked } from '../../components/asked.tsx';
import { NeedsRole } from '../../components/needs-role.tsx';
import { Page } from '../../components/page.tsx';
import { usePathPart, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { formatTime } from '../../strings/catalogue.ts';
import { t as words } from '../../strings/settings.ts';
import { t } from '../../strings/settings-webhooks.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { Notice } from '../../ui/notice.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { WebhookActions } from './webhook-actions.tsx';
import { WebhookDeliveries } from './webhook-deliveries.tsx';
import { WebhookState } from './webhook-words.tsx';

/** One webhook: how it does, what it was told, and what can be done about it. */
export function WebhookPage() {
  const workspace = useWorkspace();
  const webhook = usePathPart('webhook');
  return (
    <Page
      title={t('one')}
      about={t('about')}
      trail={[
        { label: words('title'), to: paths.settings(workspace) },
        { label: t('title'), to: paths.settingsWebhooks(workspace) },
      ]}
      cli={{
        command: `mcpnest webhooks show ${webhook} --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/webhooks/${webhook}`,
      }}
    >
      <NeedsRole operation="webhooks.get">
        <Shown workspace={workspace} webhook={webhook} />
      </NeedsRole>
    </Page>
  );
}

function Shown(params: { readonly workspace: string; readonly webhook: string }) {
  const query = useQuery(apiQuery('webhooks', 'get', { params }));
  return (
    <Asked query={query}>
      {(webhook) => (
        <>
          <Trouble webhook={webhook} />
          <Card
            title={<UntrustedText text={webhook.url} mono limit={120} />}
            actions={<WebhookState webhook={webhook} />}
          >
            <div className="flex flex-col gap-4">
              <Facts webhook={webhook} />
              <WebhookActions webhook={webhook} />
            </div>
          </Card>
          <WebhookDeliveries webhook={webhook.id} />
        </>
      )}
    </Asked>
  );
}

function Trouble({ webhook: { state, why, failingSince, retryAt } }: { readonly webhook: Webhook }) {
  if (state === 'gone') return <Notice tone="bad" title={t('gone')} />;
  if (why === 'failing') return <Notice tone="bad" title={t('pausedFailing')} />;
  if (failingSince === null) return null;
  return (
    <Notice tone="warn" title={t('failing', { when: formatTime(failingSince) })}>
      {retryAt === null ? null : t('failingAbout', { next: formatTime(retryAt) })}
    </Notice>
  );
}

const Facts = ({ webhook: { note, events, waiting, createdBy, createdAt } }: { readonly webhook: Webhook }) => (
  <KeyValueList
    items={{
      ...(note === '' ? {} : { [t('note')]: <UntrustedText text={note} /> }),
      [t('events')]: events.length === webhookEvents.length ? t('allEvents') : events.join(', '),
      [t('waiting')]: t('eventCount', { count: waiting }),
      [t('createdBy')]: (
        <>
          <ActorText actor={createdBy} /> · <RelativeTime at={createdAt} />
        </>
      ),
    }}
  />
);
