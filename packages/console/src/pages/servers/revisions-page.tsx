import type { Server, ServerRevision } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { faultOf } from '../../components/fault-of.ts';
import { useFilters } from '../../components/navigate.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { formatTime } from '../../strings/catalogue.ts';
import { t } from '../../strings/server-parts.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { DiffView } from '../../ui/code/code-editor.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { cx } from '../../ui/cx.ts';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Badge } from '../../ui/status.tsx';
import { toast } from '../../ui/toast.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { ServerFrame } from './server-frame.tsx';

/** Every configuration a server ever had, what changed, and the way back. */
export const RevisionsPage = () => (
  <ServerFrame
    part="revisions"
    command={(server) => `mcpnest server revisions ${server}`}
    request={(server) => `GET /servers/${server}/revisions`}
  >
    {(server) => <Revisions server={server} />}
  </ServerFrame>
);

function Revisions({ server }: { readonly server: Server }) {
  const workspace = useWorkspace();
  const [{ revision }, setFilters] = useFilters(['revision']);
  const query = useQuery(apiQuery('servers', 'revisions', { params: { workspace, server: server.slug } }));
  const members = useQuery({
    ...apiQuery('members', 'list', { params: { workspace } }),
    enabled: useMay('members.list'),
  });
  const emails = new Map(members.data?.items.map(({ userId, email }) => [userId, email]));
  // `user:{id}/key:{id}`, as records of changes name who did it; whoever has left is still named by id.
  const nameOf = (author: string): string => emails.get(/^user:([^/]+)/.exec(author)?.[1] ?? '') ?? author;
  return (
    <Asked query={query}>
      {({ items }) => {
        const sorted = items.toSorted((a, b) => b.revision - a.revision);
        const shown = sorted.find((item) => String(item.revision) === revision) ?? sorted[0];
        const before = sorted.find((item) => shown !== undefined && item.revision < shown.revision);
        return (
          <div className="grid items-start gap-6 lg:grid-cols-[20rem_1fr]">
            <ol aria-label={t('revisions')} className="flex max-h-[70vh] flex-col gap-1 overflow-y-auto p-0.5">
              {sorted.map((item) => (
                <li key={item.revision}>
                  <RevisionItem
                    item={item}
                    author={nameOf(item.author)}
                    current={item.revision === server.revision}
                    chosen={item === shown}
                    onChoose={() => setFilters({ revision: String(item.revision) })}
                  />
                </li>
              ))}
            </ol>
            {shown !== undefined && <Change server={server} shown={shown} before={before} />}
          </div>
        );
      }}
    </Asked>
  );
}

interface RevisionItemProps {
  readonly item: ServerRevision;
  /** Who made it, by name where it is known. */
  readonly author: string;
  readonly current: boolean;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}

const RevisionItem = ({ item, author, current, chosen, onChoose }: RevisionItemProps) => (
  <button
    type="button"
    aria-pressed={chosen}
    onClick={onChoose}
    className={cx(
      'flex w-full flex-col gap-0.5 rounded-lg border px-3 py-2 text-left',
      chosen ? 'border-accent bg-accent-soft' : 'border-line bg-panel hover:border-line-strong',
    )}
  >
    <span className="flex items-center gap-2 font-medium">
      {t('revisionIs', { revision: item.revision })}
      {current && <Badge tone="ok">{t('current')}</Badge>}
    </span>
    <span className="text-sm text-quiet">
      <time dateTime={item.createdAt}>{formatTime(item.createdAt)}</time> ·{' '}
      <span className="break-words">{author}</span>
    </span>
    {item.note !== '' && (
      <span className="text-sm">
        <UntrustedText limit={160} text={item.note} />
      </span>
    )}
  </button>
);

interface ChangeProps {
  readonly server: Server;
  readonly shown: ServerRevision;
  readonly before: ServerRevision | undefined;
}

const textOf = ({ config }: ServerRevision): string => JSON.stringify(config, null, 2);

/** What a revision changed, and what going back to it would change. */
function Change({ server, shown, before }: ChangeProps) {
  const mayRollBack = useMay('servers.rollback');
  const [asking, setAsking] = useState(false);
  const same = before !== undefined && textOf(before) === textOf(shown);
  return (
    <Card
      title={t('revisionIs', { revision: shown.revision })}
      about={
        <>
          {before === undefined ? t('firstRevision') : t('against', { revision: before.revision })}{' '}
          <RelativeTime at={shown.createdAt} />
        </>
      }
      actions={
        mayRollBack &&
        shown.revision !== server.revision && (
          <Button small onClick={() => setAsking(true)}>
            {t('rollBack')}
          </Button>
        )
      }
    >
      {same ? (
        <p className="text-quiet">{t('sameConfiguration')}</p>
      ) : (
        <DiffView
          label={t('difference')}
          language="json"
          before={before === undefined ? '' : textOf(before)}
          after={textOf(shown)}
        />
      )}
      <RollBack server={server} to={shown} open={asking} onClose={() => setAsking(false)} />
    </Card>
  );
}

interface RollBackProps {
  readonly server: Server;
  readonly to: ServerRevision;
  readonly open: boolean;
  readonly onClose: () => void;
}

function RollBack({ server: { slug, name, url, credential }, to, open, onClose }: RollBackProps) {
  const workspace = useWorkspace();
  const [, setFilters] = useFilters(['revision']);
  const rollBack = useChange('servers', 'rollback', ['tools', 'toolWeights', 'statistics']);
  const headers = (names: readonly string[]): string => (names.length === 0 ? t('noHeaders') : names.join(', '));
  const { config } = to;
  const consequences = [
    t('rollBackMakes', { revision: to.revision }),
    ...(config.url === url ? [] : [t('rollBackAddress', { url: config.url })]),
    ...(config.enabled ? [] : [t('rollBackDisabled')]),
    ...(headers(config.credentialHeaders) === headers(credential?.headers ?? [])
      ? []
      : [t('rollBackCredential', { headers: headers(config.credentialHeaders) })]),
    t('rollBackAtOnce'),
  ];
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={t('rollBackTitle', { name, revision: to.revision })}
      consequences={consequences}
      action={t('rollBack')}
      busy={rollBack.isPending}
      problem={faultOf(rollBack.error)}
      onConfirm={() =>
        rollBack.mutate(
          { params: { workspace, server: slug }, body: { revision: to.revision } },
          {
            onSuccess: ({ revision }) => {
              onClose();
              setFilters({ revision: undefined });
              toast({ title: t('rolledBack', { name, revision }) });
            },
          },
        )
      }
    />
  );
}
