import { clients, findClient } from '@mcpnest/contract/clients/clients';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-tokens.ts';
import { SecretOnce } from '../../ui/copy.tsx';
import { Select } from '../../ui/select.tsx';
import { wayOf } from '../connect/client-config.ts';
import { ClientGuide } from '../connect/client-guide.tsx';

/** Those that a token can be given to. */
const takers = clients.filter((client) => wayOf(client) !== undefined);

/** A token just issued, and what to paste where so that a client uses it. */
export function NewToken({ secret, onDone }: { readonly secret: string; readonly onDone: () => void }) {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('workspaces', 'show', { params: { workspace } }));
  const [chosen, setChosen] = useState(takers[0]!.id);
  const client = findClient(chosen) ?? takers[0]!;
  return (
    <SecretOnce name={t('secretName')} secret={secret} onDone={onDone}>
      <Select
        label={t('client')}
        value={client.id}
        onChange={setChosen}
        choices={takers.map(({ id, name }) => ({ value: id, label: name }))}
      />
      <Asked query={query}>
        {({ gatewayUrl }) => (
          <ClientGuide client={client} endpoint={{ name: workspace, url: gatewayUrl }} secret={secret} />
        )}
      </Asked>
    </SecretOnce>
  );
}
