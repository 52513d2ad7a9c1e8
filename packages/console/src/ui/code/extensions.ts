import { json } from '@codemirror/lang-json';
import { defaultHighlightStyle, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { EditorView, highlightSpecialChars, lineNumbers } from '@codemirror/view';

const look = EditorView.theme({
  '&': { backgroundColor: 'var(--panel)', color: 'var(--text)', fontSize: '0.8125rem' },
  '.cm-content': { fontFamily: 'var(--font-mono)', caretColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--quiet)', border: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--line)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--text)', border: '1px solid var(--line)' },
  '&.cm-merge-b .cm-changedLine': { backgroundColor: 'var(--ok-soft)' },
  '&.cm-merge-b .cm-changedText': { background: 'none', textDecoration: 'underline', textDecorationColor: 'var(--ok)' },
  '.cm-deletedChunk': { backgroundColor: 'var(--bad-soft)' },
  '&.cm-editor .cm-deletedChunk .cm-deletedText': {
    background: 'none',
    textDecoration: 'underline',
    textDecorationColor: 'var(--bad)',
  },
  '.cm-collapsedLines': { background: 'var(--sunken)', color: 'var(--quiet)' },
  '&.cm-focused': { outline: '2px solid var(--accent)' },
  '.cm-scroller': { maxHeight: '60vh' },
});

/** The colours of the default, drawn towards that of the text, so that they can be read on either ground. */
const colours = HighlightStyle.define(
  defaultHighlightStyle.specs.map(({ color, ...spec }) => ({
    ...spec,
    ...(typeof color === 'string' ? { color: `color-mix(in oklab, ${color} 45%, var(--text))` } : {}),
  })),
);

/**
 * Where an editor is drawn: a shadow tree, in which its style sheets are adopted as objects. In the document itself they
 * would be style elements, which the policy of the page refuses.
 */
export const shadowOf = (holder: HTMLElement): ShadowRoot => holder.shadowRoot ?? holder.attachShadow({ mode: 'open' });

/** What the editor and the view of differences share. */
export const shared = (language: 'json' | 'text', label: string): Extension[] => [
  lineNumbers(),
  highlightSpecialChars(),
  look,
  EditorView.lineWrapping,
  EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
  language === 'json' ? json() : [],
  syntaxHighlighting(colours),
];
