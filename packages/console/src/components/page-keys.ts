import { useEffect, useRef } from 'react';

/** After `g` a key belongs to the shell, which goes to an area with it. */
const chordMs = 1_200;

/**
 * Single keys that work on a page, outside fields and dialogs and never as the second half of `g` and a key.
 * @param keys what each key does; may be another object at every drawing
 */
export function usePageKeys(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    let chordUntil = 0;
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
      if (document.querySelector('[role="dialog"]') !== null || isField(event.target)) return;
      const inChord = event.timeStamp < chordUntil;
      chordUntil = event.key === 'g' ? event.timeStamp + chordMs : 0;
      const run = inChord || event.repeat ? undefined : latest.current[event.key];
      if (run === undefined) return;
      event.preventDefault();
      run();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
}

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.closest('input, textarea, select') !== null);
