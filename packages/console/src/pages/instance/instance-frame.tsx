import type { ReactNode } from 'react';
import type { CliEquivalentProps } from '../../components/cli-equivalent.tsx';
import { NeedsRole } from '../../components/needs-role.tsx';
import { Page } from '../../components/page.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/instance.ts';

export interface InstanceFrameProps {
  readonly title: string;
  readonly about: string;
  readonly actions?: ReactNode;
  readonly cli: CliEquivalentProps;
  /** The operation whose role the page needs. */
  readonly needs: string;
  readonly children: ReactNode;
}

/** A page of the instance: what they have in common. */
export const InstanceFrame = ({ needs, children, ...rest }: InstanceFrameProps) => (
  <Page
    {...rest}
    trail={rest.title === t('title') ? [] : [{ label: t('title'), to: paths.instance() }]}
    tabs={[
      { label: t('overview'), to: paths.instance() },
      { label: t('people'), to: paths.instancePeople() },
      { label: t('keys'), to: paths.instanceKeys() },
      { label: t('network'), to: paths.instanceNetwork() },
      { label: t('proof'), to: paths.instanceProof() },
      { label: t('sinks'), to: paths.instanceSinks() },
      { label: t('changes'), to: paths.instanceChanges() },
    ]}
  >
    <NeedsRole operation={needs}>{children}</NeedsRole>
  </Page>
);
