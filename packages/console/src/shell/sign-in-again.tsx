import { useMutation, useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { problemOf } from '../api/problem.ts';
import { sessionQuery, signIn, signInByPasskey } from '../api/session.ts';
import type { Session } from '../api/session.ts';
import { faultOf } from '../components/fault-of.ts';
import { t } from '../strings/account.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Form } from '../ui/form.tsx';
import { PasswordField } from '../ui/password-field.tsx';
import { toast } from '../ui/toast.tsx';

export interface SignInAgainProps {
  readonly session: Session;
  /** Told once: whether the same person has signed in. */
  readonly onSettled: (signedIn: boolean) => void;
}

/** Asked where the sign-in is too long ago for what was asked for, which then goes on by itself. */
export function SignInAgain({ session: { user }, onSettled }: SignInAgainProps) {
  const [password, setPassword] = useState('');
  const cache = useQueryClient();
  const entry = useMutation({
    gcTime: 0,
    mutationFn: (way: 'password' | 'passkey') =>
      orRefusal(way === 'passkey' ? signInByPasskey() : signIn({ email: user.email, password })),
    onSuccess: async (next) => {
      if (typeof next === 'string') return;
      const same = next.user.id === user.id;
      // A passkey may be somebody else's: then everything shown here is of another person.
      if (same) cache.setQueryData(sessionQuery.queryKey, next);
      else {
        cache.clear();
        cache.setQueryData(sessionQuery.queryKey, next);
        toast({ title: t('againOther', { email: next.user.email }), tone: 'bad' });
      }
      onSettled(same);
      await cache.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  const refusal = typeof entry.data === 'string' ? entry.data : undefined;
  const ofPasskey = refusal !== undefined && entry.variables === 'passkey';
  return (
    <Dialog open onClose={() => onSettled(false)} title={t('againTitle')} about={t('againAbout')}>
      <div className="flex flex-col gap-4">
        <Form
          submit={t('againGo')}
          busy={entry.isPending}
          problem={ofPasskey ? { title: t('againPasskeyRefused'), detail: refusal } : faultOf(entry.error)}
          disabled={password === ''}
          onSubmit={() => entry.mutate('password')}
          onCancel={() => onSettled(false)}
        >
          <PasswordField
            label={t('againPassword', { email: user.email })}
            name="password"
            autoComplete="current-password"
            value={password}
            onChange={setPassword}
            error={refusal !== undefined && !ofPasskey ? t('againWrong') : undefined}
          />
        </Form>
        <div className="flex border-t border-line pt-4">
          <Button busy={entry.isPending} onClick={() => entry.mutate('passkey')}>
            <KeyRound size={15} aria-hidden />
            {t('againPasskey')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** What refuses a way in ends no session and is no problem of the page: it is what the server said. */
const orRefusal = (entry: Promise<Session>): Promise<Session | string> =>
  entry.catch((error: unknown) => {
    const { code, detail } = problemOf(error);
    if (code === 'unauthenticated') return detail;
    throw error;
  });
