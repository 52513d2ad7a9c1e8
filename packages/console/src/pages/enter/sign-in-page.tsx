import { KeyRound } from 'lucide-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { signIn, signInByPasskey } from '../../api/session.ts';
import { safeReturn } from '../../paths.ts';
import { t } from '../../strings/enter.ts';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Notice } from '../../ui/notice.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { Entrance } from './entrance.tsx';
import { useEntering } from './entering.ts';

const returnTo = (): string => safeReturn(new URLSearchParams(location.search).get('return'), location.origin);

/** Sign in, and go on where one was stopped. */
export function SignInPage() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const entering = useEntering(signIn, returnTo);
  const passkey = useEntering(signInByPasskey, returnTo);
  const { data: setUp } = useQuery(apiQuery('setup', 'show', {}));
  const problem = entering.problem ?? passkey.problem;
  const shown = problem?.code === 'unauthenticated' ? { title: t('wrong'), detail: t('wrongAbout') } : problem;
  return (
    <Entrance title={t('signIn')} about={t('signInAbout')}>
      {setUp?.needed === true && (
        <Notice tone="info" title={t('setUpNeeded')}>
          {t('noSetUpKey')}
        </Notice>
      )}
      <Form
        submit={t('signIn')}
        busy={entering.busy}
        problem={shown}
        onSubmit={() => entering.enter({ email, password })}
      >
        <TextField
          label={t('email')}
          name="email"
          type="email"
          autoComplete="username webauthn"
          value={email}
          onChange={setEmail}
          error={entering.errors['email']}
        />
        <PasswordField
          label={t('password')}
          name="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          error={entering.errors['password']}
        />
      </Form>
      <div className="flex flex-col gap-4 border-t border-line pt-5">
        <Button busy={passkey.busy} onClick={() => passkey.enter(undefined)}>
          <KeyRound size={15} aria-hidden />
          {t('passkey')}
        </Button>
        <p className="text-sm text-quiet">{t('lost', { email: email === '' ? 'you@example.com' : email })}</p>
      </div>
    </Entrance>
  );
}
