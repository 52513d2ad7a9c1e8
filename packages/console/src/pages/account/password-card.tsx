import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { faultOf } from '../../components/fault-of.ts';
import { t } from '../../strings/account.ts';
import { t as enter } from '../../strings/enter.ts';
import { Card } from '../../ui/card.tsx';
import { Form } from '../../ui/form.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { toast } from '../../ui/toast.tsx';

/** Change one's password; who has none yet leaves the first field empty. */
export function PasswordCard() {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const cache = useQueryClient();
  const change = useMutation({
    mutationFn: () => client.password.change({ body: current === '' ? { next } : { current, next } }),
    onSuccess: async () => {
      setCurrent('');
      setNext('');
      toast({ title: t('saved') });
      await cache.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  const problem = faultOf(change.error);
  return (
    <Card title={t('password')} about={t('passwordAbout')}>
      <div className="max-w-sm">
        <Form
          submit={t('save')}
          busy={change.isPending}
          problem={problem}
          disabled={next === ''}
          onSubmit={() => change.mutate()}
        >
          <PasswordField
            label={t('current')}
            name="current"
            autoComplete="current-password"
            value={current}
            onChange={setCurrent}
            error={problem?.errors['current']}
          />
          <PasswordField
            label={t('next')}
            name="next"
            help={enter('passwordHelp')}
            autoComplete="new-password"
            value={next}
            onChange={setNext}
            error={problem?.errors['next']}
          />
        </Form>
      </div>
    </Card>
  );
}
