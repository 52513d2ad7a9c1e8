import { useMutation, useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { client } from '../../api/client.ts';
import { problemOf } from '../../api/problem.ts';
import { useSession } from '../../api/session.ts';
import { ProblemNotice } from '../../components/asked.tsx';
import { t } from '../../strings/connect.ts';
import { Button } from '../../ui/button.tsx';
import { SecretOnce } from '../../ui/copy.tsx';
import { Notice } from '../../ui/notice.tsx';

/** A token that was made on this page; it is kept in the page's memory and nowhere else. */
export interface MadeToken {
  readonly id: string;
  readonly secret: string;
}

export interface TokenMakerProps {
  readonly workspace: string;
  readonly server: string | undefined;
  /** What the token is called, and whom it is for. */
  readonly clientName: string;
  readonly made: MadeToken | undefined;
  readonly shown: boolean;
  readonly onMade: (token: MadeToken) => void;
  readonly onDone: () => void;
}

/** Days until such a token ends. */
const lifeDays = 90;

/** One press makes a token of the person's own, shown this once. */
export function TokenMaker({ workspace, server, clientName, made, shown, onMade, onDone }: TokenMakerProps) {
  const { workspaces, user } = useSession();
  const cache = useQueryClient();
  const issue = useMutation({
    mutationFn: () =>
      client.tokens.issue({
        params: { workspace },
        body: {
          kind: 'member',
          label: clientName,
          expiresInDays: lifeDays,
          ...(server !== undefined && { scope: [server] }),
        },
      }),
    onSuccess: ({ token, secret }) => {
      onMade({ id: token.id, secret });
      return cache.invalidateQueries({ queryKey: ['tokens'] });
    },
    // The secret stays with the page and not with the library.
    gcTime: 0,
  });
  if (!workspaces.some(({ slug }) => slug === workspace))
    return (
      <Notice tone="info" title={t('notMember')}>
        {t('notMemberAbout', { email: user.email, workspace })}
      </Notice>
    );
  if (made !== undefined && shown) return <SecretOnce name={t('made')} secret={made.secret} onDone={onDone} />;
  return (
    <div className="flex flex-col items-start gap-2">
      <Button look="primary" busy={issue.isPending} onClick={() => issue.mutate()}>
        <KeyRound size={15} aria-hidden />
        {t('make', { client: clientName })}
      </Button>
      <p className="text-sm text-quiet">{t('tokenAbout')}</p>
      {issue.error !== null && problemOf(issue.error).code !== 'unauthenticated' && (
        <ProblemNotice error={issue.error} onRetry={() => issue.mutate()} />
      )}
    </div>
  );
}
