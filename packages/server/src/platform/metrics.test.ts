import { expect, it } from 'vitest';
import { gauge, measureProcess, renderMetrics } from './metrics.ts';

it('writes the Prometheus text format', () => {
  const calls = {
    name: 'calls_total',
    help: 'Calls.',
    type: 'counter' as const,
    samples: [
      { value: 3, labels: { outcome: 'ok' } },
      { value: 1, labels: { outcome: 'a "quoted"\nback\\slash' } },
    ],
  };
  expect(renderMetrics([gauge('up', 'Is up.', 1), calls])).toBe(
    '# HELP up Is up.\n# TYPE up gauge\nup 1\n' +
      '# HELP calls_total Calls.\n# TYPE calls_total counter\n' +
      'calls_total{outcome="ok"} 3\ncalls_total{outcome="a \\"quoted\\"\\nback\\\\slash"} 1\n',
  );
});

it('measures this process', async () => {
  using measure = measureProcess();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const blockedUntil = performance.now() + 150;
  while (performance.now() < blockedUntil);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const found = new Map(measure.metrics().map((metric) => [metric.name, metric.samples.at(-1)!.value]));
  expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
  expect(found.get('process_cpu_seconds_total')).toBeGreaterThan(0.1);
  expect(found.get('nodejs_eventloop_lag_seconds')).toBeGreaterThan(0.1);
});
