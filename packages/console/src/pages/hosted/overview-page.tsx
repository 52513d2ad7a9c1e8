import type { HostedInstance } from '@mcpnest/contract/schemas/hosted';
import { LinkButton, TextLink } from '../../components/link.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { formatNumber } from '../../strings/catalogue.ts';
import { t } from '../../strings/hosted.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { Notice } from '../../ui/notice.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { InstanceFrame } from './instance-frame.tsx';
import { UsageCard } from './usage-card.tsx';

/** A hosted instance: how it fares, what it is, what it used. */
export const OverviewPage = () => (
  <InstanceFrame command={(id) => `mcpnest hosted show ${id}`} request={(id) => `GET /api/hosted/${id}`}>
    {(instance) => (
      <>
        <Faring instance={instance} />
        <UsageCard instance={instance.instance_id} />
        <Facts instance={instance} />
      </>
    )}
  </InstanceFrame>
);

/** What somebody has to know now, and where to look. */
function Faring({ instance: { instance_id, state, headline, crashes } }: { readonly instance: HostedInstance }) {
  const workspace = useWorkspace();
  const toLog = (
    <LinkButton small to={paths.hostedLog(workspace, instance_id)}>
      {t('readLog')}
    </LinkButton>
  );
  if (headline !== null && state !== 'running')
    return (
      <Notice
        tone={state === 'failed' ? 'bad' : 'warn'}
        title={<UntrustedText text={headline} limit={300} />}
        action={toLog}
      >
        {crashes > 0 && t(state === 'failed' ? 'gaveUpAfter' : 'crashedTimes', { count: crashes })}
      </Notice>
    );
  if (state === 'degraded')
    return (
      <Notice tone="warn" title={t('degradedWords')} action={toLog}>
        {t('degradedAbout')}
      </Notice>
    );
  return state === 'sleeping' ? <Notice tone="info" title={t('asleepWords')} /> : null;
}

function Facts({ instance }: { readonly instance: HostedInstance }) {
  const workspace = useWorkspace();
  const { instance_id, slug, entry_version: version, server, profile, since, member, env_keys } = instance;
  return (
    <Card title={t('facts')}>
      <KeyValueList
        items={{
          [t('server')]: <TextLink to={paths.server(workspace, server)}>{server}</TextLink>,
          [t('since')]: <RelativeTime at={since} />,
          [t('size')]: t(profile),
          [t('belongs')]: member ?? t('ofWorkspace'),
          [t('variables')]:
            env_keys.length === 0 ? t('noVariables') : <span className="font-mono text-sm">{env_keys.join(', ')}</span>,
          [t(instance.state === 'failed' ? 'crashesBefore' : 'crashes')]: formatNumber(instance.crashes),
          [t('restarts')]: formatNumber(instance.restarts),
          [t('created')]: (
            <>
              <RelativeTime at={instance.created_at} /> · {instance.created_by}
            </>
          ),
          [t('entry')]: t('version', { slug, version }),
          [t('image')]: <span className="font-mono text-sm">{instance.image}</span>,
          [t('digest')]: <Copied text={instance.digest} label={t('copyDigest')} />,
          [t('id')]: <Copied text={instance_id} label={t('copyId')} />,
        }}
      />
    </Card>
  );
}

const Copied = ({ text, label }: { readonly text: string; readonly label: string }) => (
  <span className="flex min-w-0 items-center gap-1">
    <code className="min-w-0 truncate font-mono text-sm">{text}</code>
    <CopyButton text={text} label={label} />
  </span>
);
