import { useState } from 'react';
import { resetPassword } from '../../api/session.ts';
import { paths } from '../../paths.ts';
import { t } from '../../strings/enter.ts';
import { Form } from '../../ui/form.tsx';
import { Notice } from '../../ui/notice.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { Entrance } from './entrance.tsx';
import { takeFragment, useEntering } from './entering.ts';

/** A new password, with a link that an owner made. */
export function PasswordResetPage() {
  const [key] = useState(takeFragment);
  const [password, setPassword] = useState('');
  const { enter, busy, problem, errors } = useEntering(resetPassword, paths.start);
  return (
    <Entrance title={t('reset')} about={t('resetAbout')}>
      {key === '' ? (
        <Notice tone="warn" title={t('noKey')}>
          {t('noResetKey')}
        </Notice>
      ) : (
        <Form submit={t('resetAction')} busy={busy} problem={problem} onSubmit={() => enter({ key, password })}>
          <PasswordField
            label={t('newPassword')}
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
