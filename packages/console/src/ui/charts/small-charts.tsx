import { formatNumber } from '../../strings/catalogue.ts';
import { cx } from '../cx.ts';
import { linePath, niceCeiling } from './scale.ts';

/** A line without axes, beside a number. */
export function Sparkline({ values, label }: { readonly values: readonly number[]; readonly label: string }) {
  return (
    <svg viewBox="0 0 96 24" role="img" aria-label={label} className="h-6 w-24 overflow-visible text-accent">
      <path d={linePath(values, 96, 22)} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" />
    </svg>
  );
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The value in words, where the number alone does not say it. */
  readonly shown?: string;
}

/** Values beside their names, longest bar for the largest. */
export function Bars({ bars, label }: { readonly bars: readonly Bar[]; readonly label: string }) {
  const top = Math.max(1, ...bars.map(({ value }) => value));
  return (
    <table className="w-full" aria-label={label}>
      <tbody>
        {bars.map((bar) => (
          <tr key={bar.label}>
            <th scope="row" className="max-w-48 truncate py-1 pr-3 text-left font-normal">
              {bar.label}
            </th>
            <td aria-hidden className="w-full">
              <svg className="h-2 w-full" preserveAspectRatio="none" viewBox="0 0 100 1">
                <rect width={(bar.value / top) * 100} height="1" className="fill-accent" />
              </svg>
            </td>
            <td className="py-1 pl-3 text-right whitespace-nowrap">{bar.shown ?? formatNumber(bar.value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export interface HeatMapProps {
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly label: string; readonly values: readonly number[] }[];
}

const heats = ['bg-line/50', 'bg-accent/20', 'bg-accent/40', 'bg-accent/65', 'bg-accent'] as const;

/** Values in a grid, the darker the more; each is said in words, too. */
export function HeatMap({ label, columns, rows }: HeatMapProps) {
  const top = Math.max(1, ...rows.flatMap(({ values }) => values));
  const heat = (value: number): string => (value === 0 ? heats[0] : (heats[Math.ceil((value / top) * 4)] ?? heats[4]));
  return (
    <div className="relative overflow-x-auto">
      <table aria-label={label} className="border-separate border-spacing-0.5 text-sm">
        <thead>
          <tr>
            <td />
            {columns.map((column) => (
              <th key={column} scope="col" className="px-1 font-normal text-quiet">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.label}>
              <th scope="row" className="pr-2 text-left font-normal whitespace-nowrap text-quiet">
                {row.label}
              </th>
              {row.values.map((value, index) => (
                <td
                  key={columns[index]}
                  title={formatNumber(value)}
                  className={cx('h-6 min-w-6 rounded-sm', heat(value))}
                >
                  <span className="sr-only">{formatNumber(value)}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export interface Series {
  readonly label: string;
  /** One for each moment. */
  readonly values: readonly number[];
  readonly tone: 'accent' | 'ok' | 'warn' | 'bad' | 'info' | 'off';
}

export interface TimeChartProps {
  readonly label: string;
  /** Moments, ISO 8601. */
  readonly times: readonly string[];
  /** First and last moment of a line chart's axis, ISO 8601; that of the times where it is left out. */
  readonly within?: readonly [from: string, to: string];
  readonly series: readonly Series[];
  readonly formatTime: (iso: string) => string;
}

const fills = {
  accent: 'fill-accent bg-accent',
  ok: 'fill-ok bg-ok',
  warn: 'fill-warn bg-warn',
  bad: 'fill-bad bg-bad',
  info: 'fill-info bg-info',
  off: 'fill-line-strong bg-line-strong',
} as const;

/** One bar for each moment, made of its parts. */
export function StackedBars({ label, times, series, formatTime }: TimeChartProps) {
  const totals = times.map((_, at) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0));
  const top = niceCeiling(Math.max(0, ...totals));
  const width = 100 / Math.max(1, times.length);
  return (
    <figure>
      <Legend series={series} />
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden className="h-32 w-full border-b border-line">
        {times.map((time, at) => {
          let height = 0;
          return series.map(({ label: name, values, tone }) => {
            const part = ((values[at] ?? 0) / top) * 100;
            height += part;
            return (
              <rect
                key={`${time} ${name}`}
                x={at * width + width * 0.1}
                y={100 - height}
                width={width * 0.8}
                height={part}
                className={fills[tone]}
              />
            );
          });
        })}
      </svg>
      <ChartTable label={label} times={times} series={series} formatTime={formatTime} />
    </figure>
  );
}

export const Legend = ({ series }: { readonly series: readonly Series[] }) => (
  <ul className="mb-2 flex flex-wrap gap-x-4 gap-y-1 text-sm text-quiet" aria-hidden>
    {series.map(({ label, tone }) => (
      <li key={label} className="flex items-center gap-1.5">
        <span className={cx('size-2.5 rounded-xs', fills[tone])} />
        {label}
      </li>
    ))}
  </ul>
);

/** The same as a table, for who cannot see a picture; behind a summary for everybody else. */
export const ChartTable = ({ label, times, series, formatTime }: TimeChartProps) => (
  <details className="mt-1 text-sm text-quiet">
    <summary className="cursor-pointer">{label} as a table</summary>
    <div className="max-h-64 overflow-auto" tabIndex={0} role="region" aria-label={label}>
      <table className="mt-1 w-full text-right">
        <thead>
          <tr>
            <th scope="col" className="text-left font-medium">
              Time
            </th>
            {series.map((each) => (
              <th key={each.label} scope="col" className="font-medium">
                {each.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time, at) => (
            <tr key={time}>
              <th scope="row" className="text-left font-normal">
                {formatTime(time)}
              </th>
              {series.map((each) => (
                <td key={each.label}>{formatNumber(each.values[at] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </details>
);
