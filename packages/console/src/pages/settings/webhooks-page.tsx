import type { Webhook } from '@mcpnest/contract/schemas/webhooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { webhookEvents } from '../../api/webhook-events.precomputed.ts';
import { Asked } from '../../components/asked.tsx';
import { Link } from '../../components/link.tsx';
import { useGo } from '../../components/navigate.ts';
import { NeedsRole } from '../../components/needs-role.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { formatNumber } from '../../strings/catalogue.ts';
import { t } from '../../strings/settings-webhooks.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { EmptyState } from '../../ui/states.tsx';
import type { Column } from '../../ui/table-model.ts';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { VirtualTable } from '../../ui/virtual-table.tsx';
import { SettingsFrame } from './settings-frame.tsx';
import { WebhookAdd } from './webhook-add.tsx';
import { WebhookState } from './webhook-words.tsx';

const columns = (workspace: string): readonly Column<Webhook>[] => [
  {
    id: 'url',
    header: t('url'),
    width: 'minmax(14rem, 3fr)',
    sortBy: ({ url }) => url,
    cell: ({ id, url, note }) => (
      <Link to={paths.settingsWebhook(workspace, id)} className="rounded hover:underline">
        <UntrustedText text={url} mono limit={80} />
        {note !== '' && (
          <span className="ml-2 text-sm text-quiet">
            <UntrustedText text={note} limit={40} />
          </span>
        )}
      </Link>
    ),
  },
  {
    id: 'state',
    header: t('state'),
    width: '8rem',
    sortBy: ({ state }) => state,
    cell: (webhook) => <WebhookState webhook={webhook} />,
  },
  {
    id: 'events',
    header: t('events'),
    width: '8rem',
    sortBy: ({ events }) => events.length,
    cell: ({ events }) =>
      events.length === webhookEvents.length ? t('allEvents') : t('eventCount', { count: events.length }),
  },
  {
    id: 'waiting',
    header: t('waiting'),
    width: '6rem',
    align: 'end',
    sortBy: ({ waiting }) => waiting,
    cell: ({ waiting }) => formatNumber(waiting),
  },
  {
    id: 'created',
    header: t('created'),
    width: '8rem',
    align: 'end',
    sortBy: ({ createdAt }) => createdAt,
    cell: ({ createdAt }) => <RelativeTime at={createdAt} />,
  },
];

/** The webhooks of a workspace. */
export function WebhooksPage() {
  const workspace = useWorkspace();
  const [adding, setAdding] = useState(false);
  const add = <Button onClick={() => setAdding(true)}>{t('add')}</Button>;
  return (
    <SettingsFrame
      about={t('about')}
      actions={useMay('webhooks.create') ? add : undefined}
      cli={{
        command: `mcpnest webhooks list --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/webhooks`,
      }}
    >
      <NeedsRole operation="webhooks.list">
        <Webhooks />
      </NeedsRole>
      <WebhookAdd open={adding} onClose={() => setAdding(false)} />
    </SettingsFrame>
  );
}

function Webhooks() {
  const workspace = useWorkspace();
  const go = useGo();
  const query = useQuery(apiQuery('webhooks', 'list', { params: { workspace } }));
  return (
    <Asked query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <EmptyState
            title={t('emptyTitle')}
            example={
              <CodeBlock
                label="command"
                code={`mcpnest webhooks create https://chat.example.com/hooks/mcpnest --event approval.requested --event tool.held_back --workspace ${workspace}`}
              />
            }
          >
            {t('empty')}
          </EmptyState>
        ) : (
          <VirtualTable
            label={t('title')}
            rows={items}
            columns={columns(workspace)}
            rowKey={({ id }) => id}
            onOpen={({ id }) => go(paths.settingsWebhook(workspace, id))}
          />
        )
      }
    </Asked>
  );
}
