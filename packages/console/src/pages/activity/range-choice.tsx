import { ChoiceRow } from '../../components/choice-row.tsx';
import { t } from '../../strings/activity.ts';
import { inputClass } from '../../ui/field.tsx';
import { cx } from '../../ui/cx.ts';
import type { Span, TimeRange } from './time-range.ts';

const choices: readonly { readonly value: Span | ''; readonly label: string }[] = [
  { value: '1h', label: t('rangeHour') },
  { value: '24h', label: t('rangeDay') },
  { value: '7d', label: t('rangeWeek') },
  { value: '30d', label: t('rangeMonth') },
  { value: 'all', label: t('rangeAll') },
];

/** The time a page is about: a span up to now, or two moments of the reader's own clock. */
export function RangeChoice({ range }: { readonly range: TimeRange }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <ChoiceRow
        label={t('range')}
        value={range.span ?? ''}
        choices={choices}
        onChange={(next) => next !== '' && range.choose(next)}
      />
      <Moment label={t('rangeFrom')} value={range.from} onChange={(from) => range.between(from, range.to)} />
      <Moment label={t('rangeTo')} value={range.to} onChange={(to) => range.between(range.from, to)} />
    </div>
  );
}

interface MomentProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly onChange: (iso: string | undefined) => void;
}

const Moment = ({ label, value, onChange }: MomentProps) => (
  <label className="flex items-center gap-1.5 text-sm text-quiet">
    {label}
    <input
      type="datetime-local"
      value={value === undefined ? '' : localMinute(value)}
      onChange={(event) => {
        const { value: text } = event.target;
        const time = text === '' ? Number.NaN : Date.parse(text);
        onChange(Number.isNaN(time) ? undefined : new Date(time).toISOString());
      }}
      className={cx(inputClass, 'h-8 w-48 text-sm')}
    />
  </label>
);

/** As `datetime-local` wants it: the reader's own clock, to the minute. */
function localMinute(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
