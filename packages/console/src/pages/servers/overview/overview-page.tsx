import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../../api/queries.ts';
import { TextLink } from '../../../components/link.tsx';
import { useMay, useWorkspace } from '../../../components/workspace.tsx';
import { paths } from '../../../paths.ts';
import { formatDuration, formatNumber } from '../../../strings/catalogue.ts';
import { t } from '../../../strings/servers.ts';
import { Card, KeyValueList } from '../../../ui/card.tsx';
import { CodeBlock } from '../../../ui/copy.tsx';
import { Notice } from '../../../ui/notice.tsx';
import { RelativeTime } from '../../../ui/relative-time.tsx';
import { Badge } from '../../../ui/status.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';
import { ServerFrame } from '../server-frame.tsx';
import { DrillCard } from './drill-card.tsx';
import { HealthCard } from './health-card.tsx';
import { UseCharts } from './use-charts.tsx';

/** One server at a glance: where it is, how it fares, who would notice if it failed. */
export const OverviewPage = () => (
  <ServerFrame
    part="overview"
    command={(server) => `mcpnest server show ${server}`}
    request={(server) => `GET /servers/${server}`}
  >
    {(server) => <Overview server={server} />}
  </ServerFrame>
);

function Overview({ server }: { readonly server: Server }) {
  const mayStatistics = useMay('statistics.series');
  return (
    <>
      {server.warnings.map(({ code, message, remedy }) => (
        <Notice key={code} tone="warn" title={message}>
          {remedy}
        </Notice>
      ))}
      <HealthCard server={server} />
      {mayStatistics && <UseCharts server={server.slug} />}
      <div className="grid items-start gap-6 *:min-w-0 lg:grid-cols-2">
        <FactsCard server={server} />
        <div className="flex flex-col gap-6">
          <AddressCard server={server} />
          {mayStatistics && <DrillCard server={server} />}
        </div>
      </div>
    </>
  );
}

function AddressCard({ server: { slug } }: { readonly server: Server }) {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  return (
    <Card title={t('ownAddress')} about={t('ownAddressAbout')}>
      {query.data !== undefined && <CodeBlock label={t('clientsUse')} code={`${query.data.gatewayUrl}/${slug}`} />}
    </Card>
  );
}

function FactsCard({ server }: { readonly server: Server }) {
  const workspace = useWorkspace();
  const { limits, labels, maintainer, owner } = server;
  return (
    <Card title={t('configuration')}>
      <KeyValueList
        items={{
          [t('address')]: <span className="font-mono text-sm break-all">{server.url}</span>,
          [t('prefix')]: <span className="font-mono text-sm">{server.prefix ?? '–'}</span>,
          [t('owner')]: owner ?? t('administrators'),
          [t('maintainer')]: maintainer === null ? '–' : <UntrustedText text={maintainer} />,
          [t('sensitivity')]: server.sensitivity,
          [t('labels')]:
            labels.length === 0 ? (
              '–'
            ) : (
              <span className="flex flex-wrap gap-1">
                {labels.map((label) => (
                  <Badge key={label}>{label}</Badge>
                ))}
              </span>
            ),
          [t('deadline')]: formatDuration(limits.deadlineMs),
          [t('atOnce')]: formatNumber(limits.concurrency),
          [t('perMinute')]: limits.perMinute === null ? t('noCeiling') : formatNumber(limits.perMinute),
          [t('part_credentials')]:
            server.credential === null ? t('noCredential') : server.credential.headers.join(', '),
          [t('revision')]: (
            <TextLink to={paths.serverPart(workspace, server.slug, 'revisions')}>{server.revision}</TextLink>
          ),
          [t('added')]: <RelativeTime at={server.createdAt} />,
          [t('changed')]: <RelativeTime at={server.updatedAt} />,
        }}
      />
    </Card>
  );
}
