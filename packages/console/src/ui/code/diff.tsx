import { unifiedMergeView } from '@codemirror/merge';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { shadowOf, shared } from './extensions.ts';
import type { DiffViewProps } from './code-editor.tsx';

/** CodeMirror's merge view behind DiffView. */
export function Diff({ label, before, after, language }: DiffViewProps) {
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (holder.current === null) return undefined;
    const root = shadowOf(holder.current);
    const view = new EditorView({
      parent: root,
      root,
      doc: after,
      extensions: [
        ...shared(language, label),
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged: { margin: 3, minSize: 6 } }),
      ],
    });
    return () => view.destroy();
  }, [label, before, after, language]);
  return <div ref={holder} className="overflow-hidden rounded-lg border border-line" />;
}
