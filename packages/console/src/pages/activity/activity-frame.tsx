import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';
import type { PageProps } from '../../components/page.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/activity.ts';
import { Notice } from '../../ui/notice.tsx';
import { SealBadge } from './seal-badge.tsx';

export interface ActivityFrameProps {
  /** What the page reads first; who may not is told so in its place. */
  readonly operation: string;
  readonly about?: string;
  readonly cli: NonNullable<PageProps['cli']>;
  readonly children: ReactNode;
}

/** What the pages about records have in common: tabs, and how far the records are sealed. */
export function ActivityFrame({ operation, about = t('about'), cli, children }: ActivityFrameProps) {
  const workspace = useWorkspace();
  const mayRead = useMay(operation);
  const maySeal = useMay('proofs.status');
  return (
    <Page
      title={t('title')}
      about={about}
      cli={cli}
      {...(maySeal ? { status: <SealBadge /> } : {})}
      tabs={[
        { label: t('tabCalls'), to: paths.activity(workspace), needs: 'calls.list' },
        { label: t('tabChanges'), to: paths.changes(workspace), needs: 'auditEvents.list' },
        { label: t('tabTimelines'), to: paths.timelines(workspace), needs: 'timelines.member' },
        { label: t('tabClients'), to: paths.clients(workspace), needs: 'connections.list' },
        { label: t('tabUsage'), to: paths.usage(workspace), needs: 'statistics.usage' },
        { label: t('tabExports'), to: paths.exports(workspace), needs: 'handover.export' },
        { label: t('tabProof'), to: paths.proof(workspace), needs: 'proofs.status' },
      ]}
    >
      {mayRead ? (
        children
      ) : (
        <Notice tone="info" title={t('denied')}>
          {t('deniedAbout')}
        </Notice>
      )}
    </Page>
  );
}
