import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-tokens.ts';
import { CodeBlock, SecretOnce } from '../../ui/copy.tsx';

/** A token just issued, and what to paste where so that a client uses it. */
export function NewToken({ secret, onDone }: { readonly secret: string; readonly onDone: () => void }) {
  const workspace = useWorkspace();
  const { data } = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  const url = data?.gatewayUrl ?? '';
  const headers = { Authorization: `Bearer ${secret}` };
  return (
    <SecretOnce
      name={t('secretName')}
      secret={secret}
      ready={{
        label: t('command'),
        code: `claude mcp add --transport http ${workspace} ${url} --header "Authorization: Bearer ${secret}"`,
      }}
      onDone={onDone}
    >
      <CodeBlock
        label={t('config')}
        code={JSON.stringify({ mcpServers: { [workspace]: { type: 'http', url, headers } } }, null, 2)}
      />
    </SecretOnce>
  );
}
