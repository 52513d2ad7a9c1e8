/** A round number at or above the largest value, for the top of an axis. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= value) ?? 10;
  return step * power;
}

/** The `d` of an SVG path through values that stand at equal distances. */
export function linePath(values: readonly number[], width: number, height: number): string {
  const top = niceCeiling(Math.max(0, ...values));
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  return values
    .map(
      (value, index) =>
        `${index === 0 ? 'M' : 'L'}${(index * step).toFixed(1)} ${(height - (value / top) * height).toFixed(1)}`,
    )
    .join('');
}
