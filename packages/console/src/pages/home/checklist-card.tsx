import { useQueries, useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { useSession } from '../../api/session.ts';
import { Link } from '../../components/link.tsx';
import { useMay } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/home.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Skeleton } from '../../ui/states.tsx';
import { StatusWord } from '../../ui/status.tsx';
import { toast } from '../../ui/toast.tsx';
import { useDismissed } from './dismissed.ts';

interface Item {
  readonly label: string;
  readonly about: string;
  readonly to: string;
  /** Undefined while it is being asked. */
  readonly done: boolean | undefined;
}

/** Servers whose settings are looked at for one that asks approval. */
const mostServers = 20;

/** What most workspaces want, ticked off by what there is; whoever has seen enough of it dismisses it. */
export function ChecklistCard({ workspace }: { readonly workspace: string }) {
  const { user } = useSession();
  const [dismissed, setDismissed] = useDismissed(`checklist.${workspace}`, user.id);
  const items = useItems(workspace);
  if (dismissed || items.every(({ done }) => done === true)) return null;
  const dismiss = (): void => {
    setDismissed(true);
    toast({ title: t('checklist'), undo: () => setDismissed(false) });
  };
  return (
    <Card
      title={t('checklist')}
      about={t('checklistAbout')}
      actions={
        <Button small look="quiet" onClick={dismiss}>
          {t('dismiss')}
        </Button>
      }
    >
      {items.some(({ done }) => done === undefined) ? (
        <Skeleton rows={4} />
      ) : (
        <ul className="divide-y divide-line">
          {items.map(({ label, about, to, done }) => (
            <li key={label} className="flex items-center justify-between gap-3 py-2.5">
              <div>
                <Link to={to} className="rounded font-medium hover:underline">
                  {label}
                </Link>
                <p className="text-sm text-quiet">{about}</p>
              </div>
              <StatusWord tone={done === true ? 'ok' : 'off'}>{done === true ? t('done') : t('open')}</StatusWord>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

interface Asked {
  readonly data?: { readonly items: readonly unknown[] } | undefined;
  readonly isError: boolean;
}

/** Whether there is any; what cannot be asked counts as not there. */
const any = ({ data, isError }: Asked): boolean | undefined =>
  data === undefined ? (isError ? false : undefined) : data.items.length > 0;

function useItems(workspace: string): readonly Item[] {
  const params = { workspace };
  const instanceOwner = useMay('checkpointTargets.list');
  const members = useQuery(apiQuery('members', 'list', { params }));
  const invitations = useQuery(apiQuery('invitations', 'list', { params }));
  const rules = useQuery(apiQuery('rules', 'list', { params, query: {} }));
  const shown = useQuery(apiQuery('workspaces', 'show', { params }));
  const servers = useQuery(apiQuery('servers', 'list', { params }));
  const targets = useQuery({ ...apiQuery('checkpointTargets', 'list', {}), enabled: instanceOwner });
  const approvals = useQueries({
    queries: (servers.data?.items ?? [])
      .slice(0, mostServers)
      .map(({ slug }) => apiQuery('approvalSettings', 'list', { params: { workspace, server: slug } })),
  });
  const another = (members.data?.items.length ?? 0) > 1;
  const strict = shown.data?.settings.access.preset === 'strict';
  const asks = approvals.some((query) => any(query) === true);
  const asked = !servers.isPending && approvals.every(({ isPending }) => !isPending);
  return [
    {
      ...{ label: t('invite'), about: t('inviteAbout'), to: paths.access(workspace) },
      done: another || any(invitations),
    },
    {
      ...{ label: t('rule'), about: t('ruleAbout'), to: paths.access(workspace) },
      done: strict || any(rules),
    },
    {
      ...{ label: t('approval'), about: t('approvalAbout'), to: paths.servers(workspace) },
      done: asks || (asked ? false : undefined),
    },
    ...(instanceOwner
      ? [{ label: t('checkpoint'), about: t('checkpointAbout'), to: paths.instance(), done: any(targets) }]
      : []),
  ];
}
