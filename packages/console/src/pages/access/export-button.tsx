import { useMutation } from '@tanstack/react-query';
import { toastFault } from '../../components/fault-of.ts';
import { csvWithHeading } from '../../csv.ts';
import { saveFile } from '../../save-file.ts';
import { t } from '../../strings/access-decisions.ts';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { readAll } from './read-all.ts';
import type { ReadPage } from './read-all.ts';

export interface ExportButtonProps<Row extends object> {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly readPage: ReadPage<Row>;
}

/** Pages read at most for one file: what a page of a browser can hold. */
const mostPages = 1_000;

/** Reads every page of an answer and hands it over as a file; where that is not all of it, says so and what to do. */
export function ExportButton<Row extends object>({ name, readPage }: ExportButtonProps<Row>) {
  const save = useMutation({
    mutationFn: async () => {
      const { rows, more } = await readAll(readPage, mostPages);
      const file = name.replaceAll(/[^\w.-]/g, '-');
      saveFile(
        `${file}${more ? `-first-${rows.length}` : ''}.csv`,
        new Blob([csvWithHeading(rows)], { type: 'text/csv;charset=utf-8' }),
      );
      return more ? rows.length : null;
    },
    onError: toastFault,
  });
  const cut = save.data ?? null;
  return (
    <>
      <Button busy={save.isPending} onClick={() => save.mutate()}>
        {save.isPending ? t('exporting') : t('export')}
      </Button>
      {cut !== null && (
        <div className="basis-full">
          <Notice tone="warn" title={t('exportCut', { count: cut })}>
            {t('exportCutAbout')}
          </Notice>
        </div>
      )}
    </>
  );
}
