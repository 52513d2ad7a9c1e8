import type { Invitation } from '@mcpnest/contract/schemas/invitations';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { after } from '../../components/after.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Badge } from '../../ui/status.tsx';
import { toast } from '../../ui/toast.tsx';

/** Invitations nobody has taken yet; nothing when there are none. */
export function Invitations() {
  const workspace = useWorkspace();
  const { data } = useQuery(apiQuery('invitations', 'list', { params: { workspace } }));
  const revoke = useChange('invitations', 'revoke');
  const [asked, setAsked] = useState<Invitation | null>(null);
  const open = data?.items.filter(({ state }) => state === 'open') ?? [];
  if (open.length === 0) return null;
  return (
    <Card title={t('invitations')} about={t('invitationsAbout')}>
      <ul className="divide-y divide-line">
        {open.map((invitation) => (
          <li key={invitation.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2">
            <span className="min-w-0 grow basis-48 truncate">{invitation.email}</span>
            <Badge>{invitation.role}</Badge>
            <span className="font-mono text-sm text-quiet">mni_…{invitation.hint}</span>
            <span className="text-sm text-quiet">
              {t('expires')} <RelativeTime at={invitation.expiresAt} />
            </span>
            <Button
              small
              look="danger"
              aria-label={`${t('inviteEnd')} ${invitation.email}`}
              onClick={() => setAsked(invitation)}
            >
              {t('inviteEnd')}
            </Button>
          </li>
        ))}
      </ul>
      <ConfirmDialog
        open={asked !== null}
        onClose={() => setAsked(null)}
        title={t('inviteEndAsk', { email: asked?.email ?? '' })}
        consequences={[t('inviteEndEffect')]}
        action={t('inviteEnd')}
        busy={revoke.isPending}
        problem={faultOf(revoke.error)}
        onConfirm={() => {
          if (asked === null) return;
          after(revoke.mutateAsync({ params: { workspace, invitation: asked.id } }), () => {
            setAsked(null);
            toast({ title: t('inviteEnded', { email: asked.email }) });
          });
        }}
      />
    </Card>
  );
}
