import type { ImportedServer } from '@mcpnest/contract/clients/imported';
import { planImport } from '@mcpnest/contract/clients/plan';
import type { Proposal } from '@mcpnest/contract/clients/plan';
import { risksOf } from '@mcpnest/contract/clients/risks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { ProblemNotice } from '../../components/asked.tsx';
import { t } from '../../strings/first-run.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox } from '../../ui/choice-controls.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Badge, StatusWord } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { ConfigField } from './config-field.tsx';
import { readConfig } from './read-config.ts';

/** Bring what a client has behind the gateway. The configuration stays in this page until somebody says what to send. */
export function ImportServers({ workspace }: { readonly workspace: string }) {
  const [text, setText] = useState('');
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set());
  const shown = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  const apply = useChange('imports', 'apply', ['servers', 'tools']);
  const report = text.trim() === '' ? undefined : readConfig(text);
  const servers = report?.servers ?? [];
  // What can be hosted is asked for once servers can be.
  const proposals = planImport(servers, shown.data?.gatewayUrl ?? '', []);
  const wanted = servers.flatMap((server, index) => {
    const proposal = proposals[index];
    return proposal?.kind === 'add' && !left.has(index) ? [{ server, proposal }] : [];
  });
  const change = (next: string): void => {
    setText(next);
    setLeft(new Set());
    apply.reset();
  };
  function bring(): void {
    const body = {
      servers: wanted.map(({ server, proposal: { slug, url, headers } }) => ({
        ...{ name: server.name, slug, url },
        ...(Object.keys(headers).length > 0 && { credential: { headers } }),
      })),
    };
    apply.mutate({ params: { workspace }, body }, { onSuccess: () => setText('') });
  }
  return (
    <div className="flex flex-col gap-4">
      <ConfigField value={text} onChange={change} />
      {text.trim() !== '' && report === undefined && (
        <Notice tone="bad" title={t('notRead')}>
          {t('notReadAbout')}
        </Notice>
      )}
      {report !== undefined && servers.length === 0 && <p className="text-quiet">{t('noServers')}</p>}
      {report?.problems.map((problem) => (
        <Notice key={problem} tone="warn" title={<UntrustedText text={problem} limit={200} />} />
      ))}
      {servers.length > 0 && (
        <>
          <ul className="divide-y divide-line rounded-lg border border-line">
            {servers.map((server, index) => (
              <Found
                // oxlint-disable-next-line react/no-array-index-key -- names may repeat; the place in the file is theirs
                key={index}
                server={server}
                proposal={proposals[index]!}
                wanted={!left.has(index)}
                onWanted={(yes) => {
                  const next = new Set(left);
                  if (yes) next.delete(index);
                  else next.add(index);
                  setLeft(next);
                }}
              />
            ))}
          </ul>
          <div>
            <Button look="primary" busy={apply.isPending} disabled={wanted.length === 0} onClick={bring}>
              {t('bring', { count: wanted.length })}
            </Button>
          </div>
        </>
      )}
      {apply.error !== null && <ProblemNotice error={apply.error} onRetry={bring} />}
      {apply.data !== undefined && (
        <ul role="status" className="flex flex-col gap-1">
          {apply.data.items.map(({ name, status, detail }) => (
            <li key={name} className="flex flex-wrap items-center gap-x-3">
              <StatusWord tone={status === 'failed' ? 'bad' : 'ok'}>{t(status)}</StatusWord>
              <UntrustedText text={name} limit={100} />
              {detail !== null && <span className="text-sm text-quiet">{detail}</span>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface FoundProps {
  readonly server: ImportedServer;
  readonly proposal: Proposal;
  readonly wanted: boolean;
  readonly onWanted: (yes: boolean) => void;
}

/** One server of the configuration: where it is, what is dangerous about it, and what becomes of it. */
function Found({ server, proposal, wanted, onWanted }: FoundProps) {
  const { name, url, command, args, headers } = server;
  const where = url ?? [command, ...args.map(({ shown }) => shown)].join(' ');
  const secrets = headers.filter(({ secret }) => secret !== undefined);
  const label = <UntrustedText text={name} limit={100} />;
  return (
    <li className="flex flex-col gap-1 px-4 py-3">
      <div className="flex flex-wrap items-start justify-between gap-2">
        {proposal.kind === 'add' ? <Checkbox label={label} checked={wanted} onChange={onWanted} /> : label}
        {proposal.kind === 'leave' && server.kind === 'stdio' && <Badge tone="info">{t('needsHosting')}</Badge>}
      </div>
      <UntrustedText mono text={where} limit={200} />
      {secrets.length > 0 && (
        <p className="text-sm text-quiet">
          {t('sealed', { headers: secrets.map((each) => `${each.name}: ${each.shown}`).join(', ') })}
        </p>
      )}
      {proposal.kind === 'leave' && <p className="text-sm text-quiet">{t('left', { reason: proposal.reason })}</p>}
      {proposal.kind === 'host' && <p className="text-sm text-quiet">{t('inCatalogue', { entry: proposal.entry })}</p>}
      {proposal.kind === 'add' &&
        proposal.notes.map((note) => (
          <p key={note} className="text-sm text-warn">
            {note}
          </p>
        ))}
      {risksOf(server).map(({ code, message, remedy }) => (
        <p key={code} className="text-sm">
          <span className="text-warn">{message}</span> <span className="text-quiet">{remedy}</span>
        </p>
      ))}
    </li>
  );
}
