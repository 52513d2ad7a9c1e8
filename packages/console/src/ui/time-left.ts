/** Time left, by the second in the last hour: `42 min 07 s`, `7 h 12 min`; null when there is none. */
export function timeLeft(until: number, now: number): string | null {
  const seconds = Math.ceil((until - now) / 1000);
  if (seconds <= 0) return null;
  const minutes = Math.floor(seconds / 60);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  return minutes === 0 ? `${seconds} s` : `${minutes} min ${two(seconds % 60)} s`;
}
