import type { Series as Counted } from '@mcpnest/contract/schemas/charts';
import { t } from '../strings/outcomes.ts';
import type { Series } from '../ui/charts/small-charts.tsx';

/**
 * How calls ended over time, grouped and coloured the same wherever that is drawn. What a tool says of itself stands with
 * the caller: the server did its part.
 */
export const outcomeSeries = (points: Counted['points']): Series[] => [
  { label: t('ok'), tone: 'accent', values: points.map(({ ok }) => ok) },
  { label: t('denied'), tone: 'warn', values: points.map(({ faults }) => faults.denied) },
  { label: t('caller'), tone: 'info', values: points.map(({ faults }) => faults.caller + faults.tool) },
  { label: t('upstream'), tone: 'bad', values: points.map(({ faults }) => faults.upstream) },
  { label: t('gateway'), tone: 'off', values: points.map(({ faults }) => faults.gateway) },
];
