import { SinkAddButton } from '../../components/sinks/sink-add.tsx';
import { SinksPart } from '../../components/sinks/sinks-part.tsx';
import { useMay } from '../../components/workspace.tsx';
import { t } from '../../strings/sinks.ts';
import { InstanceFrame } from './instance-frame.tsx';

/** The sinks of the whole instance. */
export const InstanceSinksPage = () => (
  <InstanceFrame
    about={t('instanceAbout')}
    needs="instanceSinks.list"
    actions={useMay('instanceSinks.create') ? <SinkAddButton workspace={null} /> : undefined}
    cli={{ command: 'mcpnest sink list --instance', request: 'GET /api/v1/sinks' }}
  >
    <SinksPart workspace={null} />
  </InstanceFrame>
);
