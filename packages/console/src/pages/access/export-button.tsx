import { useMutation } from '@tanstack/react-query';
import { toastFault } from '../../components/fault-of.ts';
import { csvWithHeading } from '../../csv.ts';
import { saveFile } from '../../save-file.ts';
import { t } from '../../strings/access-decisions.ts';
import { Button } from '../../ui/button.tsx';

export interface ExportButtonProps<Row extends object> {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly readPage: (cursor: {
    readonly cursor?: string;
  }) => Promise<{ readonly items: readonly Row[]; readonly nextCursor: string | null }>;
}

/** Pages read at most for one file: a million rows. */
const mostPages = 1_000;

/** Reads every page of an answer and hands it over as a file. */
export function ExportButton<Row extends object>({ name, readPage }: ExportButtonProps<Row>) {
  const save = useMutation({
    mutationFn: async () => {
      const rows: Row[] = [];
      let cursor: { readonly cursor?: string } = {};
      for (let count = 0; count < mostPages; count += 1) {
        const page = await readPage(cursor);
        rows.push(...page.items);
        if (page.nextCursor === null) break;
        cursor = { cursor: page.nextCursor };
      }
      saveFile(
        `${name.replaceAll(/[^\w.-]/g, '-')}.csv`,
        new Blob([csvWithHeading(rows)], { type: 'text/csv;charset=utf-8' }),
      );
    },
    onError: toastFault,
  });
  return (
    <Button busy={save.isPending} onClick={() => save.mutate()}>
      {save.isPending ? t('exporting') : t('export')}
    </Button>
  );
}
