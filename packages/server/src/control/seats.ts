import { AppError } from '../domain/errors.ts';
import type { Actor } from '../domain/roles.ts';

/** Streams of one person, and of all together. */
const mostOfOne = 5;
const mostOfAll = 200;

/**
 * Bound how many streams without an end are open at once.
 * @returns takes a seat for who acts, and gives back how it is left; leaving twice is leaving once.
 * @throws (it) AppError `rate_limited` with too many taken
 */
export function createSeats(): (actor: Actor) => () => void {
  const seats = new Map<string, number>();
  let all = 0;
  return (actor) => {
    const who = actor.kind === 'user' ? actor.userId : actor.kind;
    const taken = seats.get(who) ?? 0;
    if (taken >= mostOfOne || all >= mostOfAll)
      throw new AppError('rate_limited', 'Too many live views are open. Close one first.');
    seats.set(who, taken + 1);
    all += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      all -= 1;
      const now = (seats.get(who) ?? 1) - 1;
      if (now === 0) seats.delete(who);
      else seats.set(who, now);
    };
  };
}
