import { useState } from 'react';
import { problemOf } from '../../api/problem.ts';
import { useChange } from '../../api/queries.ts';
import { t } from '../../strings/first-run.ts';
import { TextField } from '../../ui/field.tsx';
import { Form } from '../../ui/form.tsx';

const noErrors: Readonly<Record<string, string>> = {};

/** A server by its address, with a credential if it wants one; both are there or neither. */
export function AddByUrl({ workspace }: { readonly workspace: string }) {
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [bearer, setBearer] = useState('');
  const add = useChange('imports', 'apply', ['servers', 'tools']);
  const failed = add.data?.items.find(({ status }) => status === 'failed');
  const problem =
    add.error !== null
      ? problemOf(add.error)
      : failed === undefined
        ? undefined
        : { title: t('failed'), detail: failed.detail ?? '', errors: noErrors };
  const errorOf = (field: string): string | undefined =>
    Object.entries(problem?.errors ?? {}).find(([path]) => path.startsWith(`servers.0.${field}`))?.[1];
  function submit(): void {
    const credential = bearer === '' ? {} : { credential: { bearer } };
    add.mutate(
      { params: { workspace }, body: { servers: [{ name, url, ...credential }], atomic: true } },
      {
        onSuccess: ({ items }) => {
          if (items.some(({ status }) => status === 'failed')) return;
          setName('');
          setUrl('');
          setBearer('');
        },
      },
    );
  }
  return (
    <div className="max-w-xl">
      <Form submit={t('add')} busy={add.isPending} problem={problem} onSubmit={submit}>
        <TextField
          label={t('name')}
          name="name"
          value={name}
          onChange={setName}
          error={errorOf('name')}
          placeholder="Context7"
        />
        <TextField
          label={t('address')}
          name="url"
          type="url"
          mono
          value={url}
          onChange={setUrl}
          help={t('addressHelp')}
          error={errorOf('url')}
          placeholder="https://mcp.context7.com/mcp"
        />
        <TextField
          label={t('bearer')}
          name="bearer"
          type="password"
          autoComplete="off"
          optional
          value={bearer}
          onChange={setBearer}
          help={t('bearerHelp')}
          error={errorOf('credential')}
        />
      </Form>
    </div>
  );
}
