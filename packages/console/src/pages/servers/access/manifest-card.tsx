import { ApiError } from '@mcpnest/contract/caller';
import type { Server } from '@mcpnest/contract/schemas/servers';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../../api/queries.ts';
import { Asked } from '../../../components/asked.tsx';
import { useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/server-parts.ts';
import { Card } from '../../../ui/card.tsx';
import { CodeEditor } from '../../../ui/code/code-editor.tsx';
import { RelativeTime } from '../../../ui/relative-time.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';

/** The team a server belongs to, and what it has published of it. */
export function ManifestCard({ server: { slug, owner } }: { readonly server: Server }) {
  const workspace = useWorkspace();
  const query = useQuery({
    ...apiQuery('manifests', 'show', { params: { workspace, manifest: slug } }),
    enabled: owner !== null,
  });
  const none = query.error instanceof ApiError && query.error.problem.code === 'not_found';
  return (
    <Card title={t('owner')} about={owner === null ? t('ownerNone') : t('ownerAbout', { team: owner })}>
      {owner === null || none ? (
        <p className="text-quiet">{t('manifestNone')}</p>
      ) : (
        <Asked query={query} rows={3}>
          {({ revision, state, author, updatedAt, answer, document }) => (
            <div className="flex flex-col gap-3">
              <p className="flex flex-wrap gap-x-2">
                <span>{t('manifestState', { revision, state })}</span>
                <span className="text-quiet">
                  {t('manifestBy', { author })} <RelativeTime at={updatedAt} />
                </span>
              </p>
              {answer !== null && (
                <p>
                  <UntrustedText text={t('manifestRefused', { answer })} />
                </p>
              )}
              <CodeEditor label={t('manifest')} language="json" value={JSON.stringify(document, null, 2)} />
            </div>
          )}
        </Asked>
      )}
    </Card>
  );
}
