import type { Impact } from '@mcpnest/contract/schemas/console';
import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { useMay, useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access.ts';

/** What would be felt if something were removed, a line each; nothing until it is known. */
export function useImpact(kind: Impact['kind'], id: string, enabled: boolean): readonly string[] {
  const workspace = useWorkspace();
  const may = useMay('impacts.show');
  const { data } = useQuery({
    ...apiQuery('impacts', 'show', { params: { workspace }, query: { kind, id } }),
    enabled: enabled && may,
  });
  if (data === undefined) return [];
  return [
    t('removeCalls', { count: data.calls }),
    ...(data.tokens > 0 ? [t('removeTokens', { count: data.tokens })] : []),
  ];
}
