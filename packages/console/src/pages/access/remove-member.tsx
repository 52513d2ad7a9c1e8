import type { Member } from '@mcpnest/contract/schemas/members';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { after } from '../../components/after.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useGo } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/access.ts';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { toast } from '../../ui/toast.tsx';
import { useImpact } from './impact.ts';

/** Take a person out of the workspace, once the consequences are read and the address is typed. */
export function RemoveMember({ member: { id, email } }: { readonly member: Member }) {
  const workspace = useWorkspace();
  const go = useGo();
  const [asking, setAsking] = useState(false);
  const remove = useChange('members', 'remove', ['tokens', 'rules', 'machines', 'teams']);
  const machines = useQuery({ ...apiQuery('machines', 'list', { params: { workspace } }), enabled: asking });
  const owned = machines.data?.items.filter(({ ownerId }) => ownerId === id).length ?? 0;
  const felt = useImpact('member', id, asking);
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)}>
        {t('remove')}
      </Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('removeAsk', { email })}
        consequences={[
          t('removeEffect'),
          t('removeRules'),
          ...felt,
          ...(owned > 0 ? [t('removeMachines', { count: owned })] : []),
        ]}
        action={t('remove')}
        typed={email}
        busy={remove.isPending}
        problem={faultOf(remove.error)}
        onConfirm={() =>
          after(remove.mutateAsync({ params: { workspace, member: id } }), () => {
            toast({ title: t('removed', { name: email }) });
            go(paths.access(workspace));
          })
        }
      />
    </>
  );
}
