import type { CatalogueEntryView } from '@mcpnest/contract/schemas/hosted';
import { t } from '../../strings/hosted.ts';
import { OutsideLink } from '../../components/link.tsx';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Badge } from '../../ui/status.tsx';

export interface EntryCardProps {
  readonly entry: CatalogueEntryView;
  /** Entries to use instead of an archived one. */
  readonly instead: readonly CatalogueEntryView[];
  readonly onDeploy: () => void;
  readonly onFind: (name: string) => void;
  readonly busy: boolean;
}

/** An entry of the catalogue: what it is, whether it can be deployed, and if not, the remedy. */
export function EntryCard({ entry, instead, onDeploy, onFind, busy }: EntryCardProps) {
  const { name, description, publisher, licence, homepage, state, personal, deployable } = entry;
  return (
    <li className="flex min-w-0 flex-col gap-3 rounded-xl border border-line bg-panel p-4 shadow-raised">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h3 className="font-semibold">{name}</h3>
          <p className="text-sm text-quiet">{t('by', { publisher, licence })}</p>
        </div>
        {deployable && (
          <Button
            small
            look={state === 'archived' ? 'plain' : 'primary'}
            busy={busy}
            onClick={onDeploy}
            aria-label={t('deployName', { name })}
          >
            {t(entry.required_env_vars.length === 0 ? 'deploy' : 'deployMany')}
          </Button>
        )}
      </div>
      <p className="grow">{description}</p>
      {instead.length > 0 && (
        <p className="flex flex-wrap items-center gap-1">
          {t('instead')}
          {instead.map((other) => (
            <Button key={other.slug} small onClick={() => onFind(other.name)}>
              {other.name}
            </Button>
          ))}
        </p>
      )}
      <Obstacle entry={entry} />
      <div className="flex flex-wrap items-center gap-2 text-sm text-quiet">
        <Badge tone={stateTones[state]}>{t(state)}</Badge>
        {personal && (
          <span title={t('personalHelp')}>
            <Badge tone="info">{t('personal')}</Badge>
          </span>
        )}
        <Badge>{t(`profileShort_${entry.profile}`)}</Badge>
        <OutsideLink href={homepage}>{t('sourceOf', { name })}</OutsideLink>
      </div>
      <p className="text-sm break-words text-quiet">
        {entry.egress.length === 0 ? t('reachesNothing') : t('reaches', { hosts: entry.egress.join(', ') })}
      </p>
    </li>
  );
}

const stateTones = { maintained: 'ok', community: 'off', archived: 'warn' } as const;

/** What is in the way of this one; what is in the way of all is said once, above them. */
function Obstacle({ entry: { obstacle, why_not: why, slug } }: { readonly entry: CatalogueEntryView }) {
  if (obstacle === 'image_not_allowed')
    return (
      <div className="flex flex-col gap-1.5 text-sm">
        <p className="text-quiet">{t('imageRemedy')}</p>
        <CodeBlock label={`command for ${slug}`} code={`mcpnest image build ${slug} --allow`} />
      </div>
    );
  const ofThisOne =
    obstacle === 'members_only' || obstacle === 'administrators_only' || obstacle === 'personal_used_up';
  return ofThisOne ? <p className="text-sm text-quiet">{why}</p> : null;
}
