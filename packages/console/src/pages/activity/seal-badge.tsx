import { useQuery } from '@tanstack/react-query';
import { apiQuery } from '../../api/queries.ts';
import { Link } from '../../components/link.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/activity.ts';
import { formatNumber } from '../../strings/catalogue.ts';
import { StatusWord } from '../../ui/status.tsx';

/** How far the records of the workspace are sealed; leads to the page about it. */
export function SealBadge() {
  const workspace = useWorkspace();
  const { data } = useQuery(apiQuery('proofs', 'status', { params: { workspace } }));
  if (data === undefined) return null;
  const { log, sealing, lastCheck } = data;
  const broken = sealing?.ok === false || lastCheck?.ok === false;
  const words = broken
    ? t('sealBroken')
    : log === null
      ? t('sealNone')
      : t('sealBadge', { records: formatNumber(log.records) });
  return (
    <Link to={paths.proof(workspace)} className="rounded text-sm hover:underline">
      <StatusWord tone={broken ? 'bad' : log === null ? 'off' : 'ok'}>{words}</StatusWord>
    </Link>
  );
}
