import { risksOf } from '@mcpnest/contract/clients/risks';
import type { ImportedServer } from '@mcpnest/contract/clients/imported';
import { t } from '../../../strings/import-servers.ts';
import { Checkbox } from '../../../ui/choice-controls.tsx';
import { StatusWord } from '../../../ui/status.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';
import { missingOf } from './read-config.ts';
import type { Obstacle } from './read-config.ts';

interface ImportedItemProps {
  readonly server: ImportedServer;
  readonly obstacle: Obstacle | undefined;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** One server of the configuration, its secrets masked: whether to add it, and what is dangerous about it now. */
export function ImportedItem({ server, obstacle, checked, onChange }: ImportedItemProps) {
  const { name, url, command, headers } = server;
  const missing = missingOf(server);
  return (
    <li className="flex flex-col gap-1 py-3">
      <Checkbox
        label={<UntrustedText limit={100} text={name} />}
        help={<UntrustedText mono limit={200} text={url ?? command ?? ''} />}
        checked={checked}
        disabled={obstacle !== undefined}
        onChange={onChange}
      />
      <div className="flex flex-col gap-1 pl-6.5 text-sm">
        {obstacle !== undefined && <StatusWord tone="off">{t(`obstacle_${obstacle}`)}</StatusWord>}
        {headers.map((header) => (
          <span key={header.name} className="font-mono break-all text-quiet">
            <UntrustedText limit={120} text={`${header.name}: ${header.shown}`} />
          </span>
        ))}
        {missing.length > 0 && <StatusWord tone="warn">{t('missing', { headers: missing.join(', ') })}</StatusWord>}
        {risksOf(server).map(({ code, message, remedy }) => (
          <span key={code}>
            {message} <span className="text-quiet">{remedy}</span>
          </span>
        ))}
      </div>
    </li>
  );
}
