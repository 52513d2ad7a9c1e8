import { useRef, useState } from 'react';
import type { PointerEvent } from 'react';
import { StackedBars } from './small-charts.tsx';
import type { TimeChartProps } from './small-charts.tsx';

export interface BrushedBarsProps extends TimeChartProps {
  /** Milliseconds one bar stands for. */
  readonly stepMs: number;
  /** A time was drawn over with a pointer; both ISO 8601. Who uses no pointer needs fields for it beside the chart. */
  readonly onBrush: (from: string, to: string) => void;
}

interface Brush {
  readonly from: number;
  readonly to: number;
}

/** Bars that choose a time: press, draw, let go. */
export function BrushedBars({ stepMs, onBrush, ...chart }: BrushedBarsProps) {
  const area = useRef<HTMLDivElement>(null);
  const [brush, setBrush] = useState<Brush | null>(null);
  const { times } = chart;

  function barAt(event: PointerEvent): number {
    const box = area.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return 0;
    const at = Math.floor(((event.clientX - box.left) / box.width) * times.length);
    return Math.min(times.length - 1, Math.max(0, at));
  }

  function finish(): void {
    if (brush === null) return;
    setBrush(null);
    const first = times[Math.min(brush.from, brush.to)];
    const last = times[Math.max(brush.from, brush.to)];
    if (first === undefined || last === undefined) return;
    onBrush(first, new Date(Date.parse(last) + stepMs).toISOString());
  }

  return (
    <div
      ref={area}
      className="relative touch-pan-y select-none"
      onPointerDown={(event) => {
        if (event.button !== 0 || times.length === 0 || !(event.target instanceof SVGElement)) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const at = barAt(event);
        setBrush({ from: at, to: at });
      }}
      onPointerMove={(event) => brush !== null && setBrush({ ...brush, to: barAt(event) })}
      onPointerUp={finish}
      onPointerCancel={() => setBrush(null)}
    >
      <StackedBars {...chart} />
      {times.length > 0 && (
        <p aria-hidden className="flex justify-between text-xs text-quiet">
          <span>{chart.formatTime(times[0]!)}</span>
          <span>{chart.formatTime(times.at(-1)!)}</span>
        </p>
      )}
      {brush !== null && (
        <div
          aria-hidden
          className="pointer-events-none absolute inset-y-0 rounded bg-accent/15 inset-ring inset-ring-accent"
          style={{
            left: `${(Math.min(brush.from, brush.to) / times.length) * 100}%`,
            width: `${((Math.abs(brush.to - brush.from) + 1) / times.length) * 100}%`,
          }}
        />
      )}
    </div>
  );
}
