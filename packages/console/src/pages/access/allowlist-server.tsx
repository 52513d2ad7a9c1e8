import { useQuery } from '@tanstack/react-query';
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { apiQuery } from '../../api/queries.ts';
import { Asked } from '../../components/asked.tsx';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-security.ts';
import { Checkbox } from '../../ui/choice-controls.tsx';
import { cx } from '../../ui/cx.ts';
import { Badge } from '../../ui/status.tsx';
import { UntrustedText } from '../../ui/untrusted-text.tsx';
import { withEntry } from './allowlist.ts';

export interface AllowlistServerProps {
  readonly server: string;
  readonly name: string;
  readonly entries: ReadonlySet<string>;
  readonly onChange: (entries: ReadonlySet<string>) => void;
}

/** One server of the tree: a box for all of it, and its tools, read when it is opened. */
export function AllowlistServer({ server, name, entries, onChange }: AllowlistServerProps) {
  const [open, setOpen] = useState(false);
  const whole = entries.has(server);
  const ticked = [...entries].filter((entry) => entry.startsWith(`${server}:`)).length;
  return (
    <li className="px-3 py-2">
      <div className="flex items-center gap-2">
        <button
          type="button"
          aria-expanded={open}
          aria-label={t('toolsOf', { name })}
          onClick={() => setOpen(!open)}
          className="grid size-6 place-items-center rounded text-quiet hover:bg-sunken hover:text-text"
        >
          <ChevronRight size={14} aria-hidden className={cx('transition-transform', open && 'rotate-90')} />
        </button>
        <Checkbox
          label={<UntrustedText text={t('wholeServer', { name })} />}
          checked={whole}
          some={!whole && ticked > 0}
          onChange={(checked) => onChange(withEntry(entries, server, checked))}
        />
        {!whole && ticked > 0 && (
          <span className="text-sm whitespace-nowrap text-quiet">{t('chosen', { count: ticked })}</span>
        )}
      </div>
      {open && <Tools server={server} name={name} entries={entries} onChange={onChange} />}
    </li>
  );
}

function Tools({ server, name, entries, onChange }: AllowlistServerProps) {
  const workspace = useWorkspace();
  const query = useQuery(apiQuery('serverTools', 'list', { params: { workspace, server } }));
  const whole = entries.has(server);
  return (
    <div className="py-2 pl-8">
      <Asked query={query} rows={3}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-sm text-quiet">{t('noTools')}</p>
          ) : (
            <ul aria-label={t('toolsOf', { name })} className="grid gap-x-6 gap-y-1.5 sm:grid-cols-2">
              {items.map(({ tool, class: effect }) => (
                <li key={tool} className="flex min-w-0 items-start justify-between gap-2">
                  <Checkbox
                    label={<UntrustedText mono text={tool} />}
                    checked={whole || entries.has(`${server}:${tool}`)}
                    disabled={whole}
                    onChange={(checked) => onChange(withEntry(entries, `${server}:${tool}`, checked))}
                  />
                  <Badge tone={effect === 'read' ? 'off' : effect === 'write' ? 'warn' : 'bad'}>{effect}</Badge>
                </li>
              ))}
            </ul>
          )
        }
      </Asked>
    </div>
  );
}
