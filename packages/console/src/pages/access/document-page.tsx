import { ApiError } from '@mcpnest/contract/caller';
import type { PolicyDifference, PolicyDocument } from '@mcpnest/contract/schemas/rules';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { problemOf } from '../../api/problem.ts';
import { apiQuery, useChange } from '../../api/queries.ts';
import { after } from '../../components/after.ts';
import { useSession } from '../../api/session.ts';
import { accessStart } from '../../components/area-start.ts';
import { Asked, ProblemNotice } from '../../components/asked.tsx';
import { useGo } from '../../components/navigate.ts';
import { Page } from '../../components/page.tsx';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/access-rules.ts';
import { t as words } from '../../strings/access.ts';
import { Button } from '../../ui/button.tsx';
import { CodeEditor, DiffView } from '../../ui/code/code-editor.tsx';
import type { Complaint } from '../../ui/code/code-editor.tsx';
import { toast } from '../../ui/toast.tsx';
import { Denied } from './access-frame.tsx';
import { complaintsOf, readDocument, writeDocument } from './policy-text.ts';

/** All rules as one text: edit, compare with what is in force, replace. */
export function DocumentPage() {
  const workspace = useWorkspace();
  const session = useSession();
  const may = useMay('policy.export');
  const query = useQuery({ ...apiQuery('policy', 'export', { params: { workspace } }), enabled: may });
  return (
    <Page
      title={t('documentTitle')}
      about={t('documentAbout')}
      trail={[
        { label: words('title'), to: accessStart(workspace, session) },
        { label: words('rules'), to: paths.accessPart(workspace, 'rules') },
      ]}
      cli={{
        command: `mcpnest rules import rules.json --dry-run --workspace ${workspace}`,
        request: `PUT /api/v1/workspaces/${workspace}/policy`,
      }}
    >
      {may ? (
        <Asked query={query}>{(document) => <Editing document={document} />}</Asked>
      ) : (
        <Denied what={t('whatRules')} />
      )}
    </Page>
  );
}

function Editing({ document }: { readonly document: PolicyDocument }) {
  const workspace = useWorkspace();
  const go = useGo();
  const before = writeDocument(document);
  const [draft, setDraft] = useState(before);
  const [compared, setCompared] = useState<PolicyDifference | null>(null);
  const compare = useChange('policy', 'import');
  const replace = useChange('policy', 'import', ['rules', 'allowlists', 'access']);
  const params = { workspace };
  const read = readDocument(draft);

  async function lint(text: string): Promise<readonly Complaint[]> {
    const parsed = readDocument(text);
    if (!parsed.ok) return [parsed.complaint];
    try {
      await client.policy.import({ params, body: { document: parsed.document, dryRun: true } });
      return [];
    } catch (error) {
      return error instanceof ApiError ? complaintsOf(text, problemOf(error)) : [];
    }
  }

  function save(next: PolicyDocument): void {
    const back = (): void =>
      after(replace.mutateAsync({ params, body: { document, dryRun: false } }), () => toast({ title: t('putBack') }));
    after(replace.mutateAsync({ params, body: { document: next, dryRun: false } }), () => {
      toast({ title: t('replaced'), undo: back });
      go(paths.accessPart(workspace, 'rules'));
    });
  }

  if (compared !== null && read.ok) {
    const { added, removed, changed, unchanged } = compared;
    const differs = added.length + removed.length + changed.length > 0;
    const counts = { added: added.length, removed: removed.length, changed: changed.length, unchanged };
    return (
      <section aria-label={t('differs')} className="flex flex-col gap-4">
        <p className="font-medium">{differs ? t('counts', counts) : t('nothingChanges')}</p>
        <DiffView label={t('differs')} before={before} after={draft} language="json" />
        {replace.error !== null && <ProblemNotice error={replace.error} />}
        <div className="flex gap-2">
          <Button look="primary" disabled={!differs} busy={replace.isPending} onClick={() => save(read.document)}>
            {t('replace')}
          </Button>
          <Button onClick={() => setCompared(null)}>{t('back')}</Button>
        </div>
      </section>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      <CodeEditor label={t('documentLabel')} value={draft} onChange={setDraft} language="json" lint={lint} />
      {!read.ok && (
        <p role="alert" className="text-sm text-bad">
          {read.complaint.message}
        </p>
      )}
      {compare.error !== null && <ProblemNotice error={compare.error} />}
      <div className="flex gap-2">
        <Button
          look="primary"
          disabled={!read.ok || draft === before}
          busy={compare.isPending}
          onClick={() =>
            read.ok &&
            after(compare.mutateAsync({ params, body: { document: read.document, dryRun: true } }), setCompared)
          }
        >
          {t('check')}
        </Button>
        <Button disabled={draft === before} onClick={() => setDraft(before)}>
          {t('reset')}
        </Button>
      </div>
    </div>
  );
}
