import type { Erasure } from '@mcpnest/contract/schemas/people';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../api/client.ts';
import { t } from '../strings/erasure.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { TextField } from '../ui/field.tsx';
import { Form } from '../ui/form.tsx';
import { toast } from '../ui/toast.tsx';
import { faultOf } from './fault-of.ts';

type Request = Parameters<typeof client.people.eraseEverywhere>[0]['body'];

const consequencesOf = (erasure: Erasure): readonly string[] => [
  t('memberships', { count: erasure.memberships }),
  erasure.directory ? t('directory') : t('directoryStays'),
  t('invitations', { count: erasure.invitations }),
  t('events', { count: erasure.events }),
  t('texts', { count: erasure.texts }),
  t('calls', { id: erasure.id }),
  t('never'),
];

/** Erase a person from a workspace, or from the whole instance for null: first what it would do, then by typing who. */
export function ErasurePart({ workspace }: { readonly workspace: string | null }) {
  const cache = useQueryClient();
  const [person, setPerson] = useState('');
  const [asking, setAsking] = useState(false);
  const ask = (body: Request): Promise<Erasure> =>
    workspace === null ? client.people.eraseEverywhere({ body }) : client.people.erase({ params: { workspace }, body });
  const look = useMutation({ mutationFn: () => ask({ person: person.trim(), dryRun: true }) });
  const erase = useMutation({
    mutationFn: (confirm: string) => ask({ person: person.trim(), confirm }),
    onSuccess: async () => {
      setAsking(false);
      setPerson('');
      look.reset();
      toast({ title: t('erased') });
      await cache.invalidateQueries();
    },
  });
  const problem = faultOf(look.error);
  const found = look.data;
  return (
    <>
      <Card title={t('lookTitle')} about={t('lookAbout')}>
        <div className="max-w-md">
          <Form
            submit={t('look')}
            busy={look.isPending}
            problem={problem}
            disabled={person.trim() === ''}
            onSubmit={() => look.mutate()}
          >
            <TextField
              label={t('person')}
              name="person"
              autoComplete="off"
              help={t('personHelp')}
              value={person}
              onChange={(next) => {
                setPerson(next);
                look.reset();
              }}
              error={problem?.errors['person']}
            />
          </Form>
        </div>
      </Card>
      {found !== undefined && (
        <Card title={t('would', { person: person.trim() })}>
          <ul className="mb-4 flex list-disc flex-col gap-1 pl-5">
            {consequencesOf(found).map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
          <Button look="danger" onClick={() => setAsking(true)}>
            {t('erase')}
          </Button>
          <ConfirmDialog
            open={asking}
            onClose={() => setAsking(false)}
            title={t('confirmTitle', { person: person.trim() })}
            consequences={consequencesOf(found)}
            action={t('erase')}
            typed={person.trim()}
            busy={erase.isPending}
            problem={faultOf(erase.error)}
            onConfirm={() => erase.mutate(found.id)}
          />
        </Card>
      )}
    </>
  );
}
