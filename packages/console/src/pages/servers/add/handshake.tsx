import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { apiQuery, useChange } from '../../../api/queries.ts';
import { useSession } from '../../../api/session.ts';
import { can } from '../../../capabilities.ts';
import { faultOf } from '../../../components/fault-of.ts';
import { LinkButton } from '../../../components/link.tsx';
import { useWorkspace } from '../../../components/workspace.tsx';
import { paths } from '../../../paths.ts';
import { formatDuration } from '../../../strings/catalogue.ts';
import { t } from '../../../strings/servers.ts';
import { Button } from '../../../ui/button.tsx';
import { Notice } from '../../../ui/notice.tsx';
import { Progress } from '../../../ui/states.tsx';
import { faultWords } from '../fault-words.ts';

/** What a new address is given to answer before the person is told that nothing has come yet. */
const patienceMs = 12_000;

export interface HandshakeProps {
  readonly server: Server;
  readonly onEdit: () => void;
  readonly onClose: () => void;
}

/** Whether the gateway could speak to a server that was just added; what to do where it could not. */
export function Handshake({ server, onEdit, onClose }: HandshakeProps) {
  const workspace = useWorkspace();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), patienceMs);
    return () => clearTimeout(timer);
  }, []);
  const query = useQuery({
    ...apiQuery('servers', 'show', { params: { workspace, server: server.slug } }),
    refetchInterval: 1_000,
    staleTime: 0,
  });
  const now = query.data ?? server;
  return (
    <div className="flex flex-col gap-4">
      <Outcome server={now} late={late} />
      <div className="flex flex-row-reverse gap-2">
        <LinkButton look="primary" to={paths.server(workspace, server.slug)}>
          {t('openServer')}
        </LinkButton>
        {now.health.state !== 'healthy' && <Button onClick={onEdit}>{t('changeAddress')}</Button>}
        <Button look="quiet" onClick={onClose}>
          {t('close')}
        </Button>
      </div>
    </div>
  );
}

function Outcome({ server, late }: { readonly server: Server; readonly late: boolean }) {
  const { health, warnings } = server;
  const [warning] = warnings;
  if (warning !== undefined) return <ClosedAddress server={server} {...warning} />;
  if (health.state === 'healthy') return <Success server={server} />;
  if (health.lastErrorClass !== null) {
    const { says, remedy } = faultWords(health.lastErrorClass);
    return (
      <Notice tone="bad" title={says}>
        <p>{remedy}</p>
        <p className="text-sm text-quiet">{t('savedAnyway')}</p>
      </Notice>
    );
  }
  return (
    <>
      <Progress label={t('speaking', { name: server.name })} value={null} />
      {late && (
        <Notice tone="warn" title={t('nothingYet')}>
          {t('nothingYetAbout')}
        </Notice>
      )}
    </>
  );
}

function Success({ server }: { readonly server: Server }) {
  const workspace = useWorkspace();
  const query = useQuery({
    ...apiQuery('tools', 'list', { params: { workspace }, query: { server: server.slug, limit: 1 } }),
    refetchInterval: 2_000,
  });
  return (
    <Notice tone="ok" title={t('speaks', { name: server.name })}>
      {server.health.pendingReview > 0
        ? t('speaksForReview', { count: server.health.pendingReview })
        : query.data !== undefined && query.data.total > 0
          ? t('speaksTools', { count: query.data.total })
          : server.health.latencyMs !== null && t('speaksAfter', { time: formatDuration(server.health.latencyMs) })}
    </Notice>
  );
}

/** A private address: who may open it, and the button for whoever that is. */
export function ClosedAddress({ server, message, remedy }: Server['warnings'][number] & { readonly server: Server }) {
  const session = useSession();
  const allow = useChange('network', 'allow', ['servers']);
  const { protocol, hostname, port } = new URL(server.url);
  const target = `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
  const problem = faultOf(allow.error);
  return (
    <Notice
      tone="warn"
      title={message}
      action={
        can(session, 'network.allow') && (
          <Button
            small
            busy={allow.isPending}
            onClick={() => allow.mutate({ body: { target, note: t('openedFor', { name: server.name }) } })}
          >
            {t('openAddress', { target })}
          </Button>
        )
      }
    >
      <p>{remedy}</p>
      {problem !== undefined && <p className="text-bad">{problem.detail}</p>}
    </Notice>
  );
}
