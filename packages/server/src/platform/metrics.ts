import { monitorEventLoopDelay } from 'node:perf_hooks';

/** One metric: its help text and one or more samples, each with its labels. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly samples: readonly { readonly value: number; readonly labels?: Readonly<Record<string, string>> }[];
}

/** Prometheus text exposition format, version 0.0.4. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

export function renderMetrics(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, help, type, samples }) => {
      const lines = samples.map(({ value, labels = {} }) => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
        return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
      });
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

/** Memory, CPU and event loop of this process. Disposing it ends the measurement. */
export function measureProcess(): { metrics(): Metric[] } & Disposable {
  const lag = monitorEventLoopDelay({ resolution: 20 });
  lag.enable();
  return {
    metrics: () => {
      const { user, system } = process.cpuUsage();
      const quantiles = [50, 99].map((percent) => ({
        value: lag.percentile(percent) / 1e9,
        labels: { quantile: String(percent / 100) },
      }));
      lag.reset();
      return [
        gauge('process_resident_memory_bytes', 'Resident memory in bytes.', process.memoryUsage.rss()),
        counter('process_cpu_seconds_total', 'User and system CPU time in seconds.', (user + system) / 1e6),
        gauge('process_uptime_seconds', 'Seconds since the process started.', process.uptime()),
        {
          name: 'nodejs_eventloop_lag_seconds',
          help: 'Delay of the event loop in seconds since the last scrape, 20 ms of it the interval of measuring.',
          type: 'gauge',
          samples: quantiles,
        },
      ];
    },
    [Symbol.dispose]: () => void lag.disable(),
  };
}

export const gauge = (name: string, help: string, value: number): Metric => ({
  name,
  help,
  type: 'gauge',
  samples: [{ value }],
});
export const counter = (name: string, help: string, value: number): Metric => ({
  name,
  help,
  type: 'counter',
  samples: [{ value }],
});

const escapeLabel = (text: string): string => text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');
