import { useState } from 'react';
import { acceptInvitation } from '../../api/session.ts';
import { paths } from '../../paths.ts';
import { t } from '../../strings/enter.ts';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Notice } from '../../ui/notice.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { Entrance } from './entrance.tsx';
import { takeFragment, useEntering } from './entering.ts';

/** A person who was invited becomes a member and is signed in. */
export function InvitationPage() {
  const [secret] = useState(takeFragment);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const { enter, busy, problem, errors } = useEntering(acceptInvitation, paths.start);
  return (
    <Entrance title={t('invitation')} about={t('invitationAbout')}>
      {secret === '' ? (
        <Notice tone="warn" title={t('noKey')}>
          {t('noInvitation')}
        </Notice>
      ) : (
        <Form submit={t('accept')} busy={busy} problem={problem} onSubmit={() => enter({ secret, name, password })}>
          <TextField
            label={t('name')}
            name="name"
            autoComplete="name"
            value={name}
            onChange={setName}
            error={errors['name']}
          />
          <PasswordField
            label={t('password')}
            name="password"
            help={t('passwordHelp')}
            autoComplete="new-password"
            value={password}
            onChange={setPassword}
            error={errors['password']}
          />
        </Form>
      )}
    </Entrance>
  );
}
