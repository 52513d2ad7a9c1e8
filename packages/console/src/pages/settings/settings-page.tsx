import type { Workspace } from '@mcpnest/contract/schemas/workspaces';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { NeedsRole } from '../../components/needs-role.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { formatNumber } from '../../strings/catalogue.ts';
import { t } from '../../strings/settings.ts';
import { Card, KeyValueList } from '../../ui/card.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { AccessCard } from './access-card.tsx';
import { AuditModeCard } from './audit-mode-card.tsx';
import { LimitsCard } from './limits-card.tsx';
import { NameCard } from './name-card.tsx';
import { PublishingCard } from './publishing-card.tsx';
import { SettingsFrame } from './settings-frame.tsx';
import { ToolListCard } from './tool-list-card.tsx';

/** What holds for the whole workspace. */
export function SettingsPage() {
  const workspace = useWorkspace();
  const mayChange = useMay('workspaces.update');
  const query = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  return (
    <SettingsFrame
      about={t('about')}
      cli={{
        command: `mcpnest workspace update ${workspace}`,
        request: `PATCH /api/v1/workspaces/${workspace}`,
      }}
    >
      <Asked query={query}>
        {(shown) => (
          <>
            <Facts workspace={shown} />
            {mayChange ? (
              // What others have changed meanwhile is taken over; what is being typed here is then read anew, too.
              <div key={shown.updatedAt} className="flex flex-col gap-6">
                <NameCard workspace={shown} />
                <AccessCard access={shown.settings.access} />
                <ToolListCard toolList={shown.settings.toolList} />
                <LimitsCard limits={shown.settings.limits} />
                <PublishingCard publishing={shown.settings.publishing} />
                <AuditModeCard mode={shown.settings.auditMode} />
              </div>
            ) : (
              <NeedsRole operation="workspaces.update" what={t('changing')}>
                {null}
              </NeedsRole>
            )}
          </>
        )}
      </Asked>
    </SettingsFrame>
  );
}

function Facts({ workspace: { name, slug, gatewayUrl, settings } }: { readonly workspace: Workspace }) {
  const { access, toolList, limits } = settings;
  return (
    <Card title={t('facts')}>
      <KeyValueList
        items={{
          [t('name')]: <UntrustedText text={name} />,
          [t('slug')]: <Copied text={slug} />,
          [t('gatewayUrl')]: <Copied text={gatewayUrl} />,
          [t('preset')]: t(access.preset),
          [t('enforcement')]: access.enforcement ? t('enforced') : t('notEnforced'),
          [t('toolList')]: t(toolList.mode),
          [t('workspacePerMinute')]:
            limits.workspacePerMinute === null ? t('noCeiling') : formatNumber(limits.workspacePerMinute),
          [t('retention')]: t('days', { count: settings.retentionDays }),
          [t('auditMode')]: t(settings.auditMode),
        }}
      />
    </Card>
  );
}

const Copied = ({ text }: { readonly text: string }) => (
  <span className="flex items-center gap-1 font-mono text-sm">
    <span className="min-w-0 break-all">{text}</span>
    <CopyButton text={text} />
  </span>
);
