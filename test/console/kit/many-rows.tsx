import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import '../../../packages/console/src/style.css';
import type { Column } from '../../../packages/console/src/ui/table-model.ts';
import { VirtualTable } from '../../../packages/console/src/ui/virtual-table.tsx';

interface Call {
  readonly id: string;
  readonly tool: string;
  readonly milliseconds: number;
}

const rows: readonly Call[] = Array.from({ length: 100_000 }, (_, index) => ({
  id: `call-${index}`,
  tool: `tool${(index * 7919) % 100_000}`,
  milliseconds: index % 1_000,
}));

const columns: readonly Column<Call>[] = [
  { id: 'id', header: 'Call', cell: ({ id }) => id },
  { id: 'tool', header: 'Tool', cell: ({ tool }) => tool, sortBy: ({ tool }) => tool },
  {
    id: 'time',
    header: 'Time',
    align: 'end',
    cell: ({ milliseconds }) => `${milliseconds} ms`,
    sortBy: ({ milliseconds }) => milliseconds,
  },
];

function ManyRows() {
  const [selection, setSelection] = useState<ReadonlySet<string>>(new Set());
  const [opened, setOpened] = useState('');
  return (
    <main>
      <VirtualTable
        label="Calls"
        rows={rows}
        columns={columns}
        rowKey={({ id }) => id}
        selection={selection}
        onSelect={setSelection}
        onOpen={({ id }) => setOpened(id)}
      />
      <output aria-label="Opened">{opened}</output>
      <output aria-label="Selected">{selection.size}</output>
    </main>
  );
}

createRoot(document.querySelector('#root')!).render(
  <StrictMode>
    <ManyRows />
  </StrictMode>,
);
