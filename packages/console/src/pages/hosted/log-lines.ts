import type { AnswerOf } from '../../api/queries.ts';

type Logs = AnswerOf<'hosted', 'logs'>;
type Said = Logs['lines'][number];

/** How an instance fares, as its log tells it. */
export type Faring = Pick<Logs, 'state' | 'health' | 'headline'>;

/** Lines kept in sight; older ones are dropped. */
export const mostLines = 5_000;

export interface LogLine extends Said {
  /** Its place among all lines seen. */
  readonly key: number;
}

/** What was heard of an instance so far. */
export interface LogSoFar {
  readonly mode: 'opening' | 'following' | 'polling' | 'ended';
  readonly lines: readonly LogLine[];
  readonly faring: Faring | null;
  /** Why nothing more comes. */
  readonly reason: string | null;
  /** Lines up to this moment were there before the present stream, which begins by repeating them. */
  readonly seenUntil: string;
  readonly next: number;
}

export type LogAction =
  | { readonly type: 'opened' }
  | { readonly type: 'line'; readonly line: Said }
  | { readonly type: 'state'; readonly faring: Faring }
  | { readonly type: 'read'; readonly logs: Logs }
  | { readonly type: 'ended'; readonly reason: string };

export const nothingYet: LogSoFar = {
  mode: 'opening',
  lines: [],
  faring: null,
  reason: null,
  seenUntil: '',
  next: 0,
};

/** What an event makes of what was heard so far. No line is shown twice, however often the stream is opened. */
export function logReducer(log: LogSoFar, action: LogAction): LogSoFar {
  switch (action.type) {
    case 'opened':
      return { ...log, mode: 'following', reason: null, seenUntil: log.lines.at(-1)?.at ?? '' };
    case 'line':
      return action.line.at <= log.seenUntil ? log : put(log, [action.line]);
    case 'state':
      return { ...log, faring: action.faring };
    case 'read': {
      const { state, health, headline, lines } = action.logs;
      const last = log.lines.at(-1)?.at ?? '';
      return put(
        { ...log, mode: 'polling', faring: { state, health, headline } },
        lines.filter(({ at }) => at > last),
      );
    }
    case 'ended':
      return { ...log, mode: 'ended', reason: action.reason };
  }
}

const put = (log: LogSoFar, lines: readonly Said[]): LogSoFar => ({
  ...log,
  lines: [...log.lines, ...lines.map((line, index) => ({ ...line, key: log.next + index }))].slice(-mostLines),
  next: log.next + lines.length,
});
