import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { setUp } from '../../api/session.ts';
import type { Session } from '../../api/session.ts';
import { Asked } from '../../components/asked.tsx';
import { FirstSteps } from '../../components/first-steps.tsx';
import { LinkButton } from '../../components/link.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/enter.ts';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { Notice } from '../../ui/notice.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { Entrance } from './entrance.tsx';
import { takeFragment, useEntering } from './entering.ts';

/** The first owner of an instance, with the link that its start printed. */
export function SetUpPage() {
  const [key] = useState(takeFragment);
  const query = useQuery(apiQuery('setup', 'show', {}));
  return (
    <Entrance title={t('setUp')} about={t('setUpAbout')}>
      <Asked query={query} rows={3}>
        {({ needed }) =>
          !needed ? (
            <>
              <Notice tone="info" title={t('setUpDone')}>
                {t('setUpDoneAbout')}
              </Notice>
              <LinkButton look="primary" to={paths.signIn()}>
                {t('signIn')}
              </LinkButton>
            </>
          ) : key === '' ? (
            <Notice tone="warn" title={t('noKey')}>
              {t('noSetUpKey')}
            </Notice>
          ) : (
            <>
              <FirstSteps current="owner" done={nothing} />
              <OwnerForm setUpKey={key} />
            </>
          )
        }
      </Asked>
    </Entrance>
  );
}

const nothing: ReadonlySet<never> = new Set();

/** The owner goes on with the next of the first steps. */
const onwards = ({ workspaces: [first] }: Session): string =>
  first === undefined ? paths.start() : paths.firstRun(first.slug);

function OwnerForm({ setUpKey }: { readonly setUpKey: string }) {
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const { enter, busy, problem, errors } = useEntering(setUp, onwards);
  return (
    <Form
      submit={t('setUpAction')}
      busy={busy}
      problem={problem}
      onSubmit={() => enter({ key: setUpKey, email, name, password })}
    >
      <TextField
        label={t('email')}
        name="email"
        type="email"
        autoComplete="username"
        value={email}
        onChange={setEmail}
        error={errors['email']}
      />
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
  );
}
