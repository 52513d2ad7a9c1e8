import { NeedsRole } from '../../components/needs-role.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/settings-records.ts';
import { HoldsCard } from './holds-card.tsx';
import { RetentionCard } from './retention-card.tsx';
import { SettingsFrame } from './settings-frame.tsx';

/** How long records are kept, and what is held. */
export function RecordsPage() {
  const workspace = useWorkspace();
  return (
    <SettingsFrame
      about={t('about')}
      cli={{
        command: `mcpnest audit retention show --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/retention`,
      }}
    >
      <NeedsRole operation="retention.show">
        <RetentionCard />
        <HoldsCard />
      </NeedsRole>
    </SettingsFrame>
  );
}
