import type { Server } from '@mcpnest/contract/schemas/servers';
import { useState } from 'react';
import { useChange } from '../../../api/queries.ts';
import { faultOf } from '../../../components/fault-of.ts';
import { useMay, useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/server-parts.ts';
import { Button } from '../../../ui/button.tsx';
import { Card } from '../../../ui/card.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextArea } from '../../../ui/field.tsx';
import { Form } from '../../../ui/form.tsx';
import { toast } from '../../../ui/toast.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';

/** To whom the server exists. */
export function VisibilityCard({ server }: { readonly server: Server }) {
  const mayChange = useMay('servers.update');
  const [open, setOpen] = useState(false);
  const viewers = server.visibility ?? [];
  const everybody = viewers.length === 1 && viewers[0] === 'workspace';
  return (
    <Card
      title={t('visibility')}
      about={t('visibilityAbout')}
      actions={
        mayChange && (
          <Button small onClick={() => setOpen(true)}>
            {t('changeVisibility')}
          </Button>
        )
      }
    >
      {everybody ? (
        <p>{t('everybody')}</p>
      ) : (
        <ul className="flex flex-col gap-1">
          {viewers.map((viewer) => (
            <li key={viewer}>
              <UntrustedText mono text={viewer} />
            </li>
          ))}
        </ul>
      )}
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title={t('visibilityTitle', { name: server.name })}
        about={t('visibilityAbout')}
      >
        {open && <VisibilityForm server={server} onClose={() => setOpen(false)} />}
      </Dialog>
    </Card>
  );
}

function VisibilityForm({ server, onClose }: { readonly server: Server; readonly onClose: () => void }) {
  const workspace = useWorkspace();
  const params = { workspace, server: server.slug };
  const update = useChange('servers', 'update', ['access', 'tools']);
  const before = server.visibility ?? ['workspace'];
  const [text, setText] = useState(before.join('\n'));
  const problem = faultOf(update.error);
  const fieldError = Object.entries(problem?.errors ?? {}).find(([path]) => path.startsWith('visibility'))?.[1];
  const visibility = text.split(/[\n,]/).flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  return (
    <Form
      submit={t('save')}
      busy={update.isPending}
      problem={problem}
      onCancel={onClose}
      onSubmit={() =>
        update.mutate(
          { params, body: { visibility } },
          {
            onSuccess: () => {
              onClose();
              toast({
                title: t('visibilityChanged', { name: server.name }),
                undo: () => update.mutate({ params, body: { visibility: before } }),
              });
            },
          },
        )
      }
    >
      <TextArea
        label={t('visibilityWho')}
        value={text}
        onChange={setText}
        help={t('visibilityHelp')}
        error={fieldError}
        mono
      />
    </Form>
  );
}
