import type { Member } from '@mcpnest/contract/schemas/members';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery, useChange } from '../../api/queries.ts';
import { after } from '../../components/after.ts';
import { Asked, ProblemNotice } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-security.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { toast } from '../../ui/toast.tsx';
import { changesBetween } from './allowlist.ts';
import { AllowlistPatterns } from './allowlist-patterns.tsx';
import { AllowlistServer } from './allowlist-server.tsx';
import { ofItsOwn } from './reading.ts';

export interface AllowlistEditorProps {
  readonly member: Member;
}

/** What a member may call: servers and tools to tick, and patterns. */
export function AllowlistEditor({ member }: AllowlistEditorProps) {
  const workspace = useWorkspace();
  const query = useQuery({
    ...apiQuery('allowlists', 'show', { params: { workspace, member: member.id } }),
    ...ofItsOwn,
  });
  return (
    <section aria-label={t('list')} className="flex flex-col gap-2">
      <h3 className="font-medium">{t('list')}</h3>
      <p className="text-sm text-quiet">{t('listAbout')}</p>
      <Asked query={query}>{({ entries }) => <Editing member={member} saved={entries} />}</Asked>
    </section>
  );
}

function Editing({ member, saved }: AllowlistEditorProps & { readonly saved: readonly string[] }) {
  const workspace = useWorkspace();
  const servers = useQuery(apiQuery('servers', 'list', { params: { workspace } }));
  const replace = useChange('allowlists', 'replace', ['rules', 'access', 'policy']);
  const remove = useChange('allowlists', 'remove', ['rules', 'access', 'policy']);
  const [draft, setDraft] = useState<ReadonlySet<string>>(() => new Set(saved));
  const changes = changesBetween(saved, draft);
  const failed = replace.error ?? remove.error;
  const params = { workspace, member: member.id };
  const { email } = member;

  function put(entries: readonly string[], onSuccess: () => void): void {
    if (entries.length === 0) after(remove.mutateAsync({ params }), onSuccess);
    else after(replace.mutateAsync({ params, body: { entries: [...entries] } }), onSuccess);
  }
  function save(): void {
    const entries = [...draft];
    put(entries, () =>
      toast({
        title: t(entries.length === 0 ? 'cleared' : 'saved', { email }),
        undo: () => put(saved, () => setDraft(new Set(saved))),
      }),
    );
  }
  return (
    <div className="flex flex-col gap-4">
      <Asked query={servers} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-quiet">{t('noServers')}</p>
          ) : (
            <ul className="max-h-[28rem] divide-y divide-line overflow-y-auto rounded-lg border border-line">
              {items.map(({ slug, name }) => (
                <AllowlistServer key={slug} server={slug} name={name} entries={draft} onChange={setDraft} />
              ))}
            </ul>
          )
        }
      </Asked>
      <AllowlistPatterns
        entries={draft}
        servers={servers.data?.items.map(({ slug }) => slug) ?? []}
        onChange={setDraft}
      />
      {failed !== null && <ProblemNotice error={failed} />}
      {draft.size === 0 && saved.length > 0 && <Notice tone="warn" title={t('clearsOpen', { email })} />}
      <div className="flex flex-wrap items-center gap-2">
        <Button look="primary" disabled={changes === 0} busy={replace.isPending || remove.isPending} onClick={save}>
          {t('saveList')}
        </Button>
        <Button disabled={changes === 0} onClick={() => setDraft(new Set(saved))}>
          {t('discard')}
        </Button>
        <span aria-live="polite" className="text-sm text-quiet">
          {changes > 0 && t('changed', { count: changes })}
        </span>
      </div>
    </div>
  );
}
