import { Badge } from '../ui/status.tsx';
import type { StatusTone } from '../ui/status.tsx';
import { UntrustedText } from '../ui/untrusted-text.tsx';
import { argumentsOf, compareArguments } from './argument-words.ts';
import type { ArgumentChange } from './argument-words.ts';

const said: Readonly<Record<ArgumentChange['change'], readonly [StatusTone, string]>> = {
  same: ['off', 'as before'],
  changed: ['warn', 'other size'],
  added: ['info', 'new'],
  gone: ['off', 'not there'],
};

export interface ArgumentTableProps {
  readonly label: string;
  readonly shape: unknown;
  /** Of an earlier call, to compare with. */
  readonly before?: unknown;
}

/** The arguments of a call by name, type and size. There are no values to show: none is ever stored. */
export function ArgumentTable({ label, shape, before }: ArgumentTableProps) {
  const compared = before !== undefined;
  const rows: readonly ArgumentChange[] = compared
    ? compareArguments(shape, before)
    : argumentsOf(shape).map(({ path, words }) => ({ path, now: words, before: null, change: 'same' }));
  if (rows.length === 0)
    return <p className="text-quiet">{shape === null ? 'Not recorded for this call.' : 'None the tool declares.'}</p>;
  const head = 'py-1.5 pr-4 text-left text-sm font-medium text-quiet';
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={label}>
      <table className="w-full">
        <thead className="border-b border-line">
          <tr>
            <th scope="col" className={head}>
              Argument
            </th>
            <th scope="col" className={head}>
              This call
            </th>
            {compared && (
              <>
                <th scope="col" className={head}>
                  Last approved
                </th>
                <th scope="col" className={head}>
                  Compared
                </th>
              </>
            )}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={row.path}>
              <th scope="row" className="py-1.5 pr-4 text-left font-normal">
                <UntrustedText mono text={nameOf(row.path)} limit={200} />
              </th>
              <td className="py-1.5 pr-4">
                <UntrustedText text={row.now ?? '–'} limit={80} />
              </td>
              {compared && (
                <>
                  <td className="py-1.5 pr-4 text-quiet">
                    <UntrustedText text={row.before ?? '–'} limit={80} />
                  </td>
                  <td className="py-1.5">
                    <Badge tone={said[row.change][0]}>{said[row.change][1]}</Badge>
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const nameOf = (path: string): string =>
  path === '' ? '(as a whole)' : path === '?' || path === '+' ? '(others)' : path;
