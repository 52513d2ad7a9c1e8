import type { ApiKey } from '@mcpnest/contract/schemas/tokens';
import type { Role } from '@mcpnest/contract/operation';
import { queryOptions } from '@tanstack/react-query';
import { client } from '../../api/client.ts';

interface Issued {
  readonly apiKey: ApiKey;
  readonly secret: string;
}

export interface KeyIssue {
  readonly label: string;
  readonly role: Role;
  readonly expiresInDays?: number;
}

interface KeysApi {
  readonly noun: 'apiKeys' | 'instanceKeys';
  readonly list: () => Promise<{ readonly items: readonly ApiKey[] }>;
  readonly issue: (body: KeyIssue) => Promise<Issued>;
  readonly rotate: (key: string) => Promise<Issued>;
  readonly revoke: (key: string) => Promise<void>;
}

/** The control keys of a workspace, or of the whole instance for null: the same operations under two nouns. */
export const keysApi = (workspace: string | null): KeysApi =>
  workspace === null
    ? {
        noun: 'instanceKeys',
        list: () => client.instanceKeys.list(),
        issue: (body) => client.instanceKeys.issue({ body }),
        rotate: (key) => client.instanceKeys.rotate({ params: { key }, body: {} }),
        revoke: (key) => client.instanceKeys.revoke({ params: { key } }),
      }
    : {
        noun: 'apiKeys',
        list: () => client.apiKeys.list({ params: { workspace } }),
        issue: (body) => client.apiKeys.issue({ params: { workspace }, body }),
        rotate: (key) => client.apiKeys.rotate({ params: { workspace, key }, body: {} }),
        revoke: (key) => client.apiKeys.revoke({ params: { workspace, key } }),
      };

export const keysQuery = ({ noun, list }: KeysApi, workspace: string | null) =>
  queryOptions({ queryKey: [noun, 'list', workspace] as const, queryFn: list });
