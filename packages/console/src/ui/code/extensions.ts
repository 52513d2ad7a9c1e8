import { json } from '@codemirror/lang-json';
import { defaultHighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';

const look = EditorView.theme({
  '&': { backgroundColor: 'var(--panel)', color: 'var(--text)', fontSize: '0.8125rem' },
  '.cm-content': { fontFamily: 'var(--font-mono)', caretColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--quiet)', border: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused': { outline: '2px solid var(--accent)' },
  '.cm-scroller': { maxHeight: '60vh' },
});

/** What the editor and the view of differences share. The light highlighting is unreadable on dark ground. */
export const shared = (language: 'json' | 'text', label: string): Extension[] => [
  lineNumbers(),
  look,
  EditorView.lineWrapping,
  EditorView.contentAttributes.of({ 'aria-label': label }),
  language === 'json' ? json() : [],
  document.documentElement.dataset['theme'] === 'dark' ? [] : syntaxHighlighting(defaultHighlightStyle),
];
