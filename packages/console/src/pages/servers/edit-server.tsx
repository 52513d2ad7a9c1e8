import type { Server } from '@mcpnest/contract/schemas/servers';
import { useState } from 'react';
import { useChange } from '../../api/queries.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/servers.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Select } from '../../ui/select.tsx';
import { toast } from '../../ui/toast.tsx';

export interface EditServerProps {
  readonly server: Server;
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Change what a server is called, where it is, who looks after it and what it touches. */
export const EditServer = ({ server, open, onClose }: EditServerProps) => (
  <Dialog open={open} onClose={onClose} title={t('editTitle', { name: server.name })} about={t('editAbout')}>
    {open && <Fields server={server} onClose={onClose} />}
  </Dialog>
);

const levels = ['none', 'internal', 'confidential', 'restricted'] as const;

function Fields({ server, onClose }: Omit<EditServerProps, 'open'>) {
  const workspace = useWorkspace();
  const update = useChange('servers', 'update', ['tools', 'toolWeights', 'statistics']);
  const [draft, setDraft] = useState({
    name: server.name,
    url: server.url,
    prefix: server.prefix ?? '',
    maintainer: server.maintainer ?? '',
    sensitivity: server.sensitivity,
    labels: server.labels.join(', '),
    note: '',
  });
  const problem = faultOf(update.error);
  const errors = problem?.errors ?? {};
  const labelError = Object.entries(errors).find(([path]) => path.startsWith('labels'))?.[1];
  const set = (part: Partial<typeof draft>): void => setDraft({ ...draft, ...part });
  const labels = draft.labels.split(/[\s,]+/).filter((label) => label !== '');
  const body = {
    ...{ name: draft.name, url: draft.url, sensitivity: draft.sensitivity, labels },
    prefix: draft.prefix === '' ? null : draft.prefix,
    maintainer: draft.maintainer === '' ? null : draft.maintainer,
    ...(draft.note === '' ? {} : { note: draft.note }),
  };
  return (
    <Form
      submit={t('save')}
      busy={update.isPending}
      problem={problem}
      onCancel={onClose}
      onSubmit={() =>
        update.mutate(
          { params: { workspace, server: server.slug }, body },
          {
            onSuccess: ({ revision }) => {
              toast({ title: t('saved', { revision }) });
              onClose();
            },
          },
        )
      }
    >
      <TextField label={t('name')} value={draft.name} onChange={(name) => set({ name })} error={errors['name']} />
      <TextField
        label={t('address')}
        type="url"
        value={draft.url}
        onChange={(url) => set({ url })}
        error={errors['url']}
        mono
      />
      <TextField
        label={t('prefix')}
        value={draft.prefix}
        onChange={(prefix) => set({ prefix })}
        error={errors['prefix']}
        optional
        mono
      />
      <TextField
        label={t('maintainer')}
        value={draft.maintainer}
        onChange={(maintainer) => set({ maintainer })}
        help={t('maintainerHelp')}
        error={errors['maintainer']}
        optional
      />
      <Select
        label={t('sensitivity')}
        value={draft.sensitivity}
        choices={levels.map((value) => ({ value, label: value, help: t(`sensitivity_${value}`) }))}
        onChange={(sensitivity) => set({ sensitivity })}
      />
      <TextField
        label={t('labels')}
        value={draft.labels}
        onChange={(next) => set({ labels: next })}
        help={t('labelsHelp')}
        error={labelError}
        optional
      />
      <TextField
        label={t('note')}
        value={draft.note}
        onChange={(note) => set({ note })}
        help={t('noteHelp')}
        optional
      />
    </Form>
  );
}
