import type { ReactNode } from 'react';
import type { CliEquivalentProps } from '../../components/cli-equivalent.tsx';
import { Page } from '../../components/page.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/settings.ts';

export interface SettingsFrameProps {
  readonly about: string;
  readonly actions?: ReactNode;
  readonly cli: CliEquivalentProps;
  readonly children: ReactNode;
}

/** A part of the settings: what they have in common. */
export function SettingsFrame({ children, ...rest }: SettingsFrameProps) {
  const workspace = useWorkspace();
  return (
    <Page
      {...rest}
      title={t('title')}
      tabs={[
        { label: t('general'), to: paths.settings(workspace), needs: 'workspaces.show' },
        { label: t('records'), to: paths.settingsRecords(workspace), needs: 'retention.show' },
        { label: t('webhooks'), to: paths.settingsWebhooks(workspace), needs: 'webhooks.list' },
        { label: t('sinks'), to: paths.settingsSinks(workspace), needs: 'sinks.list' },
        { label: t('keys'), to: paths.settingsKeys(workspace), needs: 'apiKeys.list' },
        { label: t('erasure'), to: paths.settingsErasure(workspace), needs: 'people.erase' },
      ]}
    >
      {children}
    </Page>
  );
}
