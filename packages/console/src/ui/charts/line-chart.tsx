import { lazy, Suspense } from 'react';
import { ChartTable, Legend } from './small-charts.tsx';
import type { TimeChartProps } from './small-charts.tsx';

const Plot = lazy(async () => ({ default: (await import('./plot.tsx')).Plot }));

/** Lines over time; the drawing is loaded when the first one is shown. */
export function LineChart(props: TimeChartProps) {
  return (
    <figure>
      <Legend series={props.series} />
      <div className="h-40" aria-hidden>
        <Suspense fallback={null}>
          <Plot {...props} />
        </Suspense>
      </div>
      <ChartTable {...props} />
    </figure>
  );
}
