import type { ClientAdapter, Endpoint } from '@mcpnest/contract/clients/adapter';
import { ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import { OutsideLink } from '../../components/link.tsx';
import { t } from '../../strings/connect.ts';
import { buttonClass } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Notice } from '../../ui/notice.tsx';
import { commandOf, configurationOf, noToken, operatingSystemOf, wayOf } from './client-config.ts';

export interface ClientGuideProps {
  readonly client: ClientAdapter;
  readonly endpoint: Endpoint;
  /** Undefined: it was not made yet, or is shown no more. */
  readonly secret: string | undefined;
  /** How to come by the token; left out where there is one already. */
  readonly tokenMaker?: ReactNode;
}

/** How one client is connected: a token, then one link, one line or one file; and what it cannot do. */
export function ClientGuide({ client, endpoint, secret, tokenMaker }: ClientGuideProps) {
  const way = wayOf(client);
  const token = secret ?? noToken;
  const command = commandOf(client, endpoint, token);
  const deeplink = client.deeplink?.(endpoint);
  const path = client.files[0]?.paths[operatingSystemOf(navigator.userAgent)];
  return (
    <div className="flex min-w-0 flex-col gap-5">
      {way === undefined ? (
        <Notice tone="warn" title={t('cannot')}>
          <Lines lines={client.limits} />
        </Notice>
      ) : (
        <>
          {tokenMaker !== undefined && <Part title={t('token')}>{tokenMaker}</Part>}
          {deeplink !== undefined && (
            <div className="flex flex-wrap items-center gap-3">
              <a href={deeplink} className={buttonClass('plain')}>
                <ExternalLink size={15} aria-hidden />
                {t('link', { client: client.name })}
              </a>
              <span className="text-sm text-quiet">{t('linkAbout')}</span>
            </div>
          )}
          {command !== undefined && (
            <Part title={t('oneLine')} about={command.startsWith('export') ? t('oneLineAbout') : t('oneLineAsks')}>
              <CodeBlock label={t('oneLine')} code={command} />
            </Part>
          )}
          <Part title={t('file')} about={t(way)}>
            {path !== undefined && <p className="font-mono text-sm break-all text-quiet">{t('fileFor', { path })}</p>}
            <CodeBlock label={t('file')} code={configurationOf(client, endpoint, way, token)} />
            {client.files.length > 0 && <p className="text-sm text-quiet">{t('writes')}</p>}
          </Part>
        </>
      )}
      <div className="grid gap-5 border-t border-line pt-4 sm:grid-cols-2">
        {client.steps.length > 0 && (
          <Part title={t('steps')}>
            <Lines lines={client.steps} ordered />
          </Part>
        )}
        <Part title={t('after')}>
          <p>{client.reload}</p>
        </Part>
        {way !== undefined && client.limits.length > 0 && (
          <Part title={t('limits')}>
            <Lines lines={client.limits} />
          </Part>
        )}
        <Part title={t('documentation')}>
          <p className="break-all">
            <OutsideLink href={client.documentation}>{new URL(client.documentation).hostname}</OutsideLink>
          </p>
          {!client.verified && (
            <p className="text-sm text-quiet">
              {t('unverified')}: {client.seen}
            </p>
          )}
        </Part>
      </div>
    </div>
  );
}

interface PartProps {
  readonly title: string;
  readonly about?: string;
  readonly children: ReactNode;
}

const Part = ({ title, about, children }: PartProps) => (
  <div className="flex min-w-0 flex-col gap-1.5">
    <h3 className="text-sm font-semibold">{title}</h3>
    {children}
    {about !== undefined && <p className="text-sm text-quiet">{about}</p>}
  </div>
);

function Lines({ lines, ordered = false }: { readonly lines: readonly string[]; readonly ordered?: boolean }) {
  const items = lines.map((line) => <li key={line}>{line}</li>);
  return ordered ? (
    <ol className="flex list-decimal flex-col gap-1 pl-5">{items}</ol>
  ) : (
    <ul className="flex list-disc flex-col gap-1 pl-5">{items}</ul>
  );
}
