import type { ReactNode } from 'react';
import { Page } from '../../components/page.tsx';
import type { PageProps } from '../../components/page.tsx';
import { usePathPart, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/approvals.ts';

export interface ApprovalsFrameProps {
  readonly cli: NonNullable<PageProps['cli']>;
  readonly children: ReactNode;
}

/** What the pages about approvals have in common. */
export function ApprovalsFrame({ cli, children }: ApprovalsFrameProps) {
  const workspace = useWorkspace();
  const oneOfThem = usePathPart('approval') !== '';
  return (
    <Page
      title={t('title')}
      about={t('about')}
      cli={cli}
      tabs={[
        { label: t('tabWaiting'), to: paths.approvals(workspace), ...(oneOfThem ? { current: true } : {}) },
        { label: t('tabHistory'), to: paths.approvalHistory(workspace) },
        { label: t('tabAccess'), to: paths.accessRequests(workspace) },
      ]}
    >
      {children}
    </Page>
  );
}
