import { ProblemNotice } from '../../components/asked.tsx';
import { t } from '../../strings/activity.ts';
import { Button } from '../../ui/button.tsx';
import { CodeBlock } from '../../ui/copy.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Progress } from '../../ui/states.tsx';
import { formatBytes } from './bytes.ts';
import type { Downloading } from './download.ts';

export interface DownloadStateProps {
  readonly downloading: Downloading;
  /** The command that goes on from there, with its place. */
  readonly goOn?: (next: string) => string;
}

/** How far a download is, the way to stop it, and how it ended. */
export function DownloadState({ downloading: { download, cancel }, goOn }: DownloadStateProps) {
  switch (download.state) {
    case 'none':
      return null;
    case 'running':
      return (
        <div className="flex items-end gap-4">
          <div className="grow">
            <Progress label={t('exportProgress', { size: formatBytes(download.bytes) })} value={null} />
          </div>
          <Button small onClick={cancel}>
            {t('exportCancel')}
          </Button>
        </div>
      );
    case 'cancelled':
      return <Notice tone="info" title={t('exportCancelled', { size: formatBytes(download.bytes) })} />;
    case 'failed':
      return <ProblemNotice error={download.error} />;
    case 'done':
      return (
        <Notice tone="ok" title={t('exportDone', { name: download.name, size: formatBytes(download.bytes) })}>
          {download.next !== null && goOn !== undefined && (
            <CodeBlock label={t('exportNext')} code={goOn(download.next)} />
          )}
        </Notice>
      );
  }
}
