/** Lines kept around a change. */
const around = 2;
/** Lines of a change that are shown. */
const mostShown = 400;

/**
 * What changes between two texts, line by line, as `-`, `+` and the lines around; the common head and tail are left
 * out. One block: configurations are changed in few places.
 */
export function textDiff(before: string, after: string): string {
  const [old, now] = [lines(before), lines(after)];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head++;
  let tail = 0;
  const most = Math.min(old.length, now.length) - head;
  while (tail < most && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++;
  if (head === old.length && head === now.length) return '';
  const from = Math.max(0, head - around);
  const oldEnd = old.length - tail;
  const nowEnd = now.length - tail;
  const shown = [
    `@@ line ${from + 1} @@`,
    ...old.slice(from, head).map((line) => ` ${line}`),
    ...old.slice(head, oldEnd).map((line) => `-${line}`),
    ...now.slice(head, nowEnd).map((line) => `+${line}`),
    ...now.slice(nowEnd, nowEnd + around).map((line) => ` ${line}`),
  ];
  const more = shown.length > mostShown ? [`… ${shown.length - mostShown} more lines`] : [];
  return [...shown.slice(0, mostShown), ...more, ''].join('\n');
}

const lines = (text: string): string[] => text.replace(/\r?\n$/, '').split(/\r?\n/);
