import { lazy, Suspense } from 'react';
import { Skeleton } from '../states.tsx';

/** A complaint about a stretch of the text, by offsets in it. */
export interface Complaint {
  readonly from: number;
  readonly to: number;
  readonly message: string;
}

export interface CodeEditorProps {
  readonly label: string;
  readonly value: string;
  readonly onChange?: (value: string) => void;
  readonly language: 'json' | 'text';
  /** What is wrong with a text; asked a moment after each change. */
  readonly lint?: (text: string) => readonly Complaint[] | Promise<readonly Complaint[]>;
}

export interface DiffViewProps {
  readonly label: string;
  readonly before: string;
  readonly after: string;
  readonly language: 'json' | 'text';
}

const Editor = lazy(async () => ({ default: (await import('./codemirror.tsx')).Editor }));
const Diff = lazy(async () => ({ default: (await import('./diff.tsx')).Diff }));

/** A text of some length that people write: JSON, or YAML as text. Without `onChange` it is for reading. */
export const CodeEditor = (props: CodeEditorProps) => (
  <Suspense fallback={<Skeleton rows={6} />}>
    <Editor {...props} />
  </Suspense>
);

/** What differs between two texts. */
export const DiffView = (props: DiffViewProps) => (
  <Suspense fallback={<Skeleton rows={6} />}>
    <Diff {...props} />
  </Suspense>
);
