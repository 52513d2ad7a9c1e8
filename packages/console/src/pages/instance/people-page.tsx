import { ErasurePart } from '../../components/erasure-part.tsx';
import { useFilters } from '../../components/navigate.ts';
import { t } from '../../strings/instance.ts';
import { Card } from '../../ui/card.tsx';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';
import { useState } from 'react';
import { InstanceFrame } from './instance-frame.tsx';
import { PersonSignIns } from './person-sign-ins.tsx';

/** Sign-ins of anybody, and erasing somebody everywhere. */
export function PeoplePage() {
  const [{ email }, setFilters] = useFilters(['email']);
  const [typed, setTyped] = useState(email ?? '');
  return (
    <InstanceFrame
      about={t('peopleAbout')}
      needs="people.sessions"
      cli={{
        command: `mcpnest session list ${email ?? 'cy@example.com'}`,
        request: `GET /api/v1/people/${email ?? 'cy@example.com'}/sessions`,
      }}
    >
      <Card title={t('find')}>
        <div className="max-w-md">
          <Form
            submit={t('find')}
            busy={false}
            disabled={typed.trim() === ''}
            onSubmit={() => setFilters({ email: typed.trim() })}
          >
            <TextField label={t('email')} name="email" type="email" value={typed} onChange={setTyped} />
          </Form>
        </div>
      </Card>
      {email !== undefined && <PersonSignIns key={email} email={email} />}
      <h2 className="text-lg font-semibold">{t('erase')}</h2>
      <ErasurePart workspace={null} />
    </InstanceFrame>
  );
}
