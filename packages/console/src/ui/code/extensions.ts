import { json } from '@codemirror/lang-json';
import { defaultHighlightStyle, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
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
  look,
  EditorView.lineWrapping,
  EditorView.contentAttributes.of({ 'aria-label': label }),
  language === 'json' ? json() : [],
  syntaxHighlighting(colours),
];
