import type { ReactNode } from 'react';
import type { CliEquivalentProps } from '../../components/cli-equivalent.tsx';
import { NeedsRole } from '../../components/needs-role.tsx';
import { Page } from '../../components/page.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/instance.ts';

export interface InstanceFrameProps {
  readonly about: string;
  readonly actions?: ReactNode;
  readonly cli: CliEquivalentProps;
  /** The operation whose role the page needs. */
  readonly needs: string;
  readonly children: ReactNode;
}

/** A part of the instance: what they have in common. */
export const InstanceFrame = ({ needs, children, ...rest }: InstanceFrameProps) => (
  <Page
    {...rest}
    title={t('title')}
    tabs={[
      { label: t('overview'), to: paths.instance(), needs: 'instance.show' },
      { label: t('people'), to: paths.instancePeople(), needs: 'people.sessions' },
      { label: t('keys'), to: paths.instanceKeys(), needs: 'instanceKeys.list' },
      { label: t('network'), to: paths.instanceNetwork(), needs: 'network.list' },
      { label: t('proof'), to: paths.instanceProof(), needs: 'checkpointTargets.status' },
      { label: t('sinks'), to: paths.instanceSinks(), needs: 'instanceSinks.list' },
      { label: t('changes'), to: paths.instanceChanges(), needs: 'auditEvents.listAll' },
    ]}
  >
    <NeedsRole operation={needs}>{children}</NeedsRole>
  </Page>
);
