import { useEffect, useRef } from 'react';
import type { Session } from '../api/session.ts';
import { useGo } from '../components/navigate.ts';
import { navigationItems, startOf } from './navigation-items.ts';

/** After `g` the next key must come within this. */
const chordMs = 1_200;

export interface ShortcutTargets {
  readonly workspace: string;
  readonly session: Session;
  readonly onPalette: () => void;
  readonly onSheet: () => void;
}

/** Keys that work everywhere but in a field: Ctrl or ⌘ K, `/`, `?`, and `g` with the key of an area. */
export function useShortcuts(targets: ShortcutTargets): void {
  const go = useGo();
  const latest = useRef(targets);
  useEffect(() => {
    latest.current = targets;
  });
  useEffect(() => {
    let chordUntil = 0;
    const onKeyDown = (event: KeyboardEvent): void => {
      const { workspace, session, onPalette, onSheet } = latest.current;
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        onPalette();
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || takesText(event.target) || inDialog()) return;
      const inChord = event.timeStamp < chordUntil;
      chordUntil = 0;
      const area = inChord ? navigationItems.find(({ key }) => key === event.key) : undefined;
      if (area !== undefined && workspace !== '') go(startOf(area, workspace, session));
      else if (event.key === 'g') chordUntil = event.timeStamp + chordMs;
      else if (event.key === '?') onSheet();
      else if (event.key === '/') {
        const field = document.querySelector<HTMLInputElement>('[data-search]');
        if (field === null) onPalette();
        else field.focus();
      } else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [go]);
}

const takesText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.closest('input, textarea, select') !== null);

const inDialog = (): boolean => document.querySelector('[role="dialog"]') !== null;
