import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTheme } from '../../preferences.ts';
import type { TimeChartProps } from './small-charts.tsx';

/** The canvas of a LineChart. */
export function Plot({ times, within, series }: TimeChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const [theme] = useTheme();
  const [from, to] = within ?? [];
  useEffect(() => {
    const element = holder.current;
    if (element === null) return undefined;
    const colour = (name: string): string => getComputedStyle(element).getPropertyValue(`--${name}`);
    const axis = { stroke: colour('quiet'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } };
    const plot = new UPlot(
      {
        width: element.clientWidth,
        height: element.clientHeight,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        axes: [axis, axis],
        scales: from === undefined || to === undefined ? {} : { x: { range: [seconds(from), seconds(to)] } },
        series: [
          {},
          ...series.map(({ label, tone }) => ({
            label,
            stroke: colour(tone === 'off' ? 'line-strong' : tone),
            width: 1.5,
            points: { show: times.length < 3 },
          })),
        ],
      },
      [times.map(seconds), ...series.map(({ values }) => [...values])],
      element,
    );
    const fit = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: element.clientHeight }));
    fit.observe(element);
    return () => {
      fit.disconnect();
      plot.destroy();
    };
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- the colours follow the theme
  }, [times, from, to, series, theme]);
  return <div ref={holder} className="h-full w-full overflow-hidden" />;
}

const seconds = (iso: string): number => Date.parse(iso) / 1000;
