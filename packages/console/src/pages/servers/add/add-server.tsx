import type { Server } from '@mcpnest/contract/schemas/servers';
import { useState } from 'react';
import { useChange } from '../../../api/queries.ts';
import { faultOf } from '../../../components/fault-of.ts';
import { useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/servers.ts';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/field.tsx';
import { Form } from '../../../ui/form.tsx';
import { Handshake } from './handshake.tsx';

export interface AddServerProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Connect a server by its address, and see whether it speaks. */
export const AddServer = ({ open, onClose }: AddServerProps) => (
  <Dialog open={open} onClose={onClose} title={t('add')} about={t('addAbout')}>
    {open && <Steps onClose={onClose} />}
  </Dialog>
);

interface Draft {
  readonly name: string;
  readonly url: string;
  readonly prefix: string;
}

/** First the address, then what came of it; and back to the address where that was wrong. */
function Steps({ onClose }: Pick<AddServerProps, 'onClose'>) {
  const workspace = useWorkspace();
  const [draft, setDraft] = useState<Draft>({ name: '', url: '', prefix: '' });
  const [added, setAdded] = useState<Server | null>(null);
  const [editing, setEditing] = useState(true);
  const create = useChange('servers', 'create', ['tools', 'toolWeights', 'statistics']);
  const update = useChange('servers', 'update', ['tools', 'toolWeights']);
  if (added !== null && !editing) return <Handshake server={added} onEdit={() => setEditing(true)} onClose={onClose} />;

  const change = added === null ? create : update;
  const problem = faultOf(change.error);
  const fields = problem?.errors ?? {};
  const body = { name: draft.name, url: draft.url, prefix: draft.prefix === '' ? null : draft.prefix };
  const done = (server: Server): void => {
    setAdded(server);
    setEditing(false);
  };
  function save(): void {
    if (added === null) create.mutate({ params: { workspace }, body }, { onSuccess: done });
    else update.mutate({ params: { workspace, server: added.slug }, body }, { onSuccess: done });
  }
  return (
    <Form
      submit={added === null ? t('addAndTest') : t('saveAndTest')}
      busy={change.isPending}
      problem={problem}
      onSubmit={save}
      onCancel={onClose}
    >
      <TextField
        label={t('address')}
        type="url"
        value={draft.url}
        onChange={(url) => setDraft(filled(draft, url))}
        help={t('addressHelp')}
        placeholder="https://mcp.example.com/mcp"
        error={fields['url']}
        ref={focus}
        mono
      />
      <TextField
        label={t('name')}
        value={draft.name}
        onChange={(name) => setDraft({ ...draft, name })}
        error={fields['name']}
      />
      <TextField
        label={t('prefix')}
        value={draft.prefix}
        onChange={(prefix) => setDraft({ ...draft, prefix })}
        help={t('prefixHelp', { example: `${draft.prefix === '' ? '' : `${draft.prefix}_`}list_issues` })}
        error={fields['prefix']}
        optional
        mono
      />
    </Form>
  );
}

/** What a person who opened this is about to write. */
const focus = (field: HTMLInputElement | null): void => field?.focus();

/** The draft with another address, and with the name that this suggests while the person has not chosen one. */
function filled(draft: Draft, url: string): Draft {
  const own = draft.name !== '' && draft.name !== nameIn(draft.url);
  return { ...draft, url, name: own ? draft.name : nameIn(url) };
}

/** `https://mcp.github.com/mcp` → `Github`; empty while the address is none. */
function nameIn(url: string): string {
  if (!URL.canParse(url)) return '';
  const { hostname } = new URL(url);
  const parts = hostname.split('.').filter((part) => !/^(?:mcp|api|www|\d+)$/.test(part));
  const word = parts.length > 1 ? (parts.at(-2) ?? '') : (parts[0] ?? '');
  return word === '' ? '' : word[0]!.toUpperCase() + word.slice(1);
}
