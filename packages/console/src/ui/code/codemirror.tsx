import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { linter } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { shadowOf, shared } from './extensions.ts';
import type { CodeEditorProps } from './code-editor.tsx';

/** CodeMirror behind CodeEditor. Tab leaves the field, as everywhere. */
export function Editor({ label, value, onChange, language, lint }: CodeEditorProps) {
  const holder = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef({ value, onChange, lint });
  useEffect(() => {
    latest.current = { value, onChange, lint };
  });
  const editable = onChange !== undefined;
  useEffect(() => {
    if (holder.current === null) return undefined;
    const root = shadowOf(holder.current);
    const made = new EditorView({
      parent: root,
      root,
      doc: latest.current.value,
      extensions: [
        ...shared(language, label),
        history(),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorState.readOnly.of(!editable),
        EditorView.updateListener.of(({ docChanged, state }) => {
          if (docChanged) latest.current.onChange?.(state.doc.toString());
        }),
        linter(async ({ state }) => {
          const complaints = (await latest.current.lint?.(state.doc.toString())) ?? [];
          return complaints.map((complaint) => ({ ...complaint, severity: 'error' as const }));
        }),
      ],
    });
    view.current = made;
    return () => made.destroy();
  }, [editable, label, language]);
  useEffect(() => {
    const { current } = view;
    if (current !== null && current.state.doc.toString() !== value)
      current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value } });
  }, [value]);
  return <div ref={holder} className="overflow-hidden rounded-lg border border-line" />;
}
