import type { ReactNode } from 'react';
import type { CliEquivalentProps } from '../../components/cli-equivalent.tsx';
import { Page } from '../../components/page.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/settings.ts';

export interface SettingsFrameProps {
  readonly title: string;
  readonly about: string;
  readonly actions?: ReactNode;
  readonly status?: ReactNode;
  /** Between Settings and this page. */
  readonly trail?: readonly { readonly label: string; readonly to: string }[];
  readonly cli: CliEquivalentProps;
  readonly children: ReactNode;
}

/** A page of the settings: what they have in common. */
export function SettingsFrame({ trail = [], children, ...rest }: SettingsFrameProps) {
  const workspace = useWorkspace();
  return (
    <Page
      {...rest}
      trail={[{ label: t('title'), to: paths.settings(workspace) }, ...trail]}
      tabs={[
        { label: t('general'), to: paths.settings(workspace) },
        { label: t('records'), to: paths.settingsRecords(workspace) },
        { label: t('webhooks'), to: paths.settingsWebhooks(workspace) },
        { label: t('sinks'), to: paths.settingsSinks(workspace) },
        { label: t('keys'), to: paths.settingsKeys(workspace) },
        { label: t('erasure'), to: paths.settingsErasure(workspace) },
      ]}
    >
      {children}
    </Page>
  );
}
