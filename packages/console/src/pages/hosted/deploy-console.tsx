import type { HostedInstance } from '@mcpnest/contract/schemas/hosted';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { LinkButton } from '../../components/link.tsx';
import { useAction } from '../../components/use-action.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/hosted.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Notice } from '../../ui/notice.tsx';
import { toast } from '../../ui/toast.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { DeployPhases, isReady, phaseOf } from './deploy-phases.tsx';
import { LogView } from './log-view.tsx';
import { touchedByEnd } from './terminate.tsx';
import { useRestart } from './use-instance.ts';
import { useLog } from './use-log.ts';

/** So long the last phase is seen to be done before the window closes. */
const closeAfterMs = 900;
const lookEveryMs = 1_000;

export interface DeployConsoleProps {
  /** Id of the instance; undefined: the window is closed. */
  readonly instance: string | undefined;
  readonly onClose: () => void;
  /** Deploy the entry again, with other values. */
  readonly onAgain: (entry: string) => void;
}

/** An instance on its way to running; the window closes by itself once it is there. */
export function DeployConsole({ instance, onClose, onAgain }: DeployConsoleProps) {
  const query = useQuery({
    ...apiQuery('hosted', 'show', { params: { instance: instance ?? '' } }),
    enabled: instance !== undefined,
    placeholderData: () => undefined,
  });
  return (
    <Dialog
      wide
      open={instance !== undefined}
      onClose={onClose}
      title={t('console', { name: query.data?.name ?? '' })}
      about={t('consoleAbout')}
    >
      {instance !== undefined && (
        <Asked query={query} rows={3}>
          {(shown) => <Coming key={instance} instance={shown} onClose={onClose} onAgain={onAgain} />}
        </Asked>
      )}
    </Dialog>
  );
}

interface ComingProps {
  readonly instance: HostedInstance;
  readonly onClose: () => void;
  readonly onAgain: (entry: string) => void;
}

function Coming({ instance, onClose, onAgain }: ComingProps) {
  const { instance_id: id, name, server, slug } = instance;
  const workspace = useWorkspace();
  const cache = useQueryClient();
  const [log] = useLog(id, true);
  const faring = log.faring ?? instance;
  const runs = faring.state === 'running' || faring.state === 'degraded';
  const tools =
    useQuery({
      ...apiQuery('tools', 'list', { params: { workspace }, query: { server, limit: 1 } }),
      enabled: runs,
      placeholderData: () => undefined,
      refetchInterval: ({ state }) => ((state.data?.total ?? 0) > 0 ? false : lookEveryMs),
    }).data?.total ?? 0;
  const phase = phaseOf(faring, log.lines.length > 0, tools);
  const ready = isReady(phase);
  const failed = faring.state === 'failed' || faring.state === 'stopped' || faring.state === 'degraded';
  const state = faring.state;
  useEffect(() => {
    // That is how it begins: nothing is otherwise yet.
    if (state === 'pending') return;
    for (const noun of ['hosted', 'hostedCatalogue']) void cache.invalidateQueries({ queryKey: [noun] });
  }, [cache, state]);
  const finish = useEffectEvent(() => {
    toast({ title: t('consoleReady', { name }), ...(tools > 0 && { detail: t('tools', { count: tools }) }) });
    for (const noun of ['servers', 'tools', 'hosted']) void cache.invalidateQueries({ queryKey: [noun] });
    onClose();
  });
  useEffect(() => {
    if (!ready) return undefined;
    const timer = setTimeout(() => finish(), closeAfterMs);
    return () => clearTimeout(timer);
  }, [ready]);
  return (
    <div className="flex flex-col gap-4">
      <DeployPhases phase={phase} failed={failed || (faring.headline !== null && !runs)} />
      {log.mode === 'ended' && (
        <Notice tone="bad" title={t('logEnded')}>
          {log.reason}
        </Notice>
      )}
      {faring.headline !== null && !runs && (
        <Trouble instance={instance} headline={faring.headline} over={failed} onAgain={() => onAgain(slug)} />
      )}
      {faring.state === 'degraded' && <Notice tone="warn" title={t('degradedWords')} />}
      <LogView label={t('logOf', { name })} lines={log.lines} none={t('noLines')} />
      <div className="flex justify-end gap-2">
        <LinkButton to={paths.hostedInstance(workspace, id)}>{t('toInstance')}</LinkButton>
      </div>
    </div>
  );
}

interface TroubleProps {
  readonly instance: HostedInstance;
  readonly headline: string;
  /** It is not tried again by itself. */
  readonly over: boolean;
  readonly onAgain: () => void;
}

/** The last words of a server that did not start, and what can be done. */
function Trouble({ instance, headline, over, onAgain }: TroubleProps) {
  const { restart, busy } = useRestart();
  const end = useAction('hosted', 'terminate', { also: touchedByEnd });
  return (
    <Notice tone={over ? 'bad' : 'warn'} title={<UntrustedText text={headline} limit={300} />}>
      <p>{over ? t('consoleFailed', { name: instance.name }) : t('crashed')}</p>
      <div className="mt-2 flex flex-wrap gap-2">
        <Button small busy={busy} onClick={() => restart(instance)}>
          {t('tryAgain')}
        </Button>
        {instance.env_keys.length > 0 && (
          <Button
            small
            busy={end.busy}
            onClick={() => end.run({ params: { instance: instance.instance_id } }, null, onAgain)}
          >
            {t('otherValues')}
          </Button>
        )}
      </div>
    </Notice>
  );
}
