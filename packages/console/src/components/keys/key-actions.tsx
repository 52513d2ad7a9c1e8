import type { ApiKey } from '@mcpnest/contract/schemas/tokens';
import { useState } from 'react';
import { t } from '../../strings/keys.ts';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { SecretOnce } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { toast } from '../../ui/toast.tsx';
import { toastFault } from '../fault-of.ts';
import { keysApi, useKeyChange } from './keys-api.ts';

export interface KeyActionsProps {
  readonly apiKey: ApiKey;
  readonly workspace: string | null;
}

/** Replace a key by a new one, or end it. */
export function KeyActions({ apiKey, workspace }: KeyActionsProps) {
  const { noun, rotate, revoke } = keysApi(workspace);
  const rotation = useKeyChange(noun, rotate);
  const revocation = useKeyChange(noun, revoke);
  const [secret, setSecret] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  return (
    <span className="flex justify-end gap-1">
      <Button
        small
        look="quiet"
        busy={rotation.isPending}
        onClick={() => void rotation.mutateAsync(apiKey.id).then((issued) => setSecret(issued.secret), toastFault)}
      >
        {t('rotate')}
      </Button>
      <Button small look="danger" onClick={() => setAsking(true)}>
        {t('revoke')}
      </Button>
      <Dialog
        open={secret !== null}
        onClose={() => setSecret(null)}
        title={t('rotatedTitle')}
        about={t('rotatedAbout')}
      >
        <SecretOnce name={t('key')} secret={secret ?? ''} onDone={() => setSecret(null)} />
      </Dialog>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('revokeTitle', { label: apiKey.label })}
        consequences={[t('revokeWhat'), t('revokeNever')]}
        action={t('revoke')}
        busy={revocation.isPending}
        onConfirm={() =>
          void revocation.mutateAsync(apiKey.id).then(() => {
            setAsking(false);
            toast({ title: t('revoked') });
          }, toastFault)
        }
      />
    </span>
  );
}
