import type { ApiKey } from '@mcpnest/contract/schemas/tokens';
import { useState } from 'react';
import { t } from '../../strings/keys.ts';
import { Button } from '../../ui/button.tsx';
import { ConfirmButton } from '../../ui/confirm-dialog.tsx';
import { SecretDialog } from '../../ui/make-dialog.tsx';
import { useActionOf } from '../use-action.ts';
import { keysApi } from './keys-api.ts';

export interface KeyActionsProps {
  readonly apiKey: ApiKey;
  readonly workspace: string | null;
}

/** Replace a key by a new one, or end it. */
export function KeyActions({ apiKey: { id, label }, workspace }: KeyActionsProps) {
  const { noun, rotate, revoke } = keysApi(workspace);
  const rotation = useActionOf(noun, rotate);
  const revocation = useActionOf(noun, revoke, { inForm: true });
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <span className="flex justify-end gap-1">
      <Button
        small
        look="quiet"
        busy={rotation.busy}
        onClick={() => rotation.run(id, null, (issued) => setSecret(issued.secret))}
      >
        {t('rotate')}
      </Button>
      <ConfirmButton
        title={t('revokeTitle', { label })}
        consequences={[t('revokeWhat'), t('revokeNever')]}
        action={t('revoke')}
        busy={revocation.busy}
        problem={revocation.problem}
        onConfirm={(close) => revocation.run(id, { title: t('revoked') }, close)}
      />
      <SecretDialog
        title={t('rotatedTitle')}
        about={t('rotatedAbout')}
        name={t('key')}
        secret={secret}
        onDone={() => setSecret(null)}
      />
    </span>
  );
}
