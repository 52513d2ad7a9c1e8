import type { Gateway } from '../gateway/app.ts';
import { counter, gauge, type Metric } from '../platform/metrics.ts';
import type { Records } from './records.ts';

/** What an operator watches of calls and of how they are recorded. */
export function productMetrics(gateway: Gateway, { journal, shipper, events }: Records): Metric[] {
  return [
    {
      name: 'mcpnest_tool_calls_total',
      help: 'Tool calls since the start, by outcome.',
      type: 'counter',
      samples: [...gateway.outcomes].map(([outcome, value]) => ({ value, labels: { outcome } })),
    },
    counter(
      'mcpnest_journal_gaps_total',
      'Records lost because the journal could not be written.',
      journal.health.gaps,
    ),
    gauge('mcpnest_journal_ok', '1 when the journal can be written.', journal.health.ok ? 1 : 0),
    gauge(
      'mcpnest_journal_flush_seconds',
      'How long the latest flush of the journal took, or has taken so far.',
      journal.health.flushMs / 1_000,
    ),
    gauge(
      'mcpnest_journal_damaged',
      '1 when a record of the journal was found damaged since the start; the log names it.',
      (journal.health.damage ?? shipper.health.damage) === undefined ? 0 : 1,
    ),
    gauge('mcpnest_sealer_ok', '1 when records are being sealed in their logs of proof.', shipper.sealing.ok ? 1 : 0),
    gauge('mcpnest_event_chain_ok', '1 when audit events get into the journal.', events.ok ? 1 : 0),
    gauge('mcpnest_shipper_ok', '1 when the journal is being copied to the database.', shipper.health.ok ? 1 : 0),
  ];
}
