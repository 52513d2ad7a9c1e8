import { useState } from 'react';
import { client } from '../../api/client.ts';
import { useFilters } from '../../components/navigate.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/activity.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Checkbox, RadioCards } from '../../ui/choice-controls.tsx';
import { TextField } from '../../ui/field.tsx';
import { ChoiceRow } from '../../components/choice-row.tsx';
import { ActivityFrame } from './activity-frame.tsx';
import { DownloadState } from './download-state.tsx';
import { useDownload } from './download.ts';
import { RangeChoice } from './range-choice.tsx';
import { useTimeRange } from './time-range.ts';

const formats = [
  { value: 'jsonl', label: t('formatJsonl'), help: t('formatJsonlHelp') },
  { value: 'csv', label: t('formatCsv'), help: t('formatCsvHelp') },
  { value: 'cef', label: t('formatCef'), help: t('formatCefHelp') },
  { value: 'ocsf', label: t('formatOcsf'), help: t('formatOcsfHelp') },
  { value: 'otlp', label: t('formatOtlp'), help: t('formatOtlpHelp') },
] as const;
const parts = [
  { value: 'all', label: t('includeAll') },
  { value: 'calls', label: t('includeCalls') },
  { value: 'events', label: t('includeEvents') },
] as const;
const endings = { jsonl: 'jsonl', csv: 'csv', cef: 'cef', ocsf: 'ocsf.jsonl', otlp: 'otlp.jsonl' } as const;
const nextHeader = 'x-next-cursor';

/** The records as files: for other systems, for auditors, and to verify offline. */
export function ExportsPage() {
  const workspace = useWorkspace();
  return (
    <ActivityFrame
      operation="handover.export"
      cli={{
        command: `mcpnest audit export --format ocsf --out records.jsonl --workspace ${workspace}\nmcpnest audit evidence --out evidence.zip --workspace ${workspace}`,
        request: `GET /api/v1/workspaces/${workspace}/audit/export?format=ocsf\nGET /api/v1/workspaces/${workspace}/audit/evidence`,
      }}
    >
      <div className="flex flex-col gap-6">
        <Records />
        <div className="grid gap-6 lg:grid-cols-2">
          <Evidence />
          <Bundle />
        </div>
      </div>
    </ActivityFrame>
  );
}

function Records() {
  const workspace = useWorkspace();
  const range = useTimeRange('30d');
  const [filters, setFilters] = useFilters(['format', 'include']);
  const [gzip, setGzip] = useState(false);
  const downloading = useDownload();
  const format = formats.find(({ value }) => value === filters.format)?.value ?? 'jsonl';
  const include = parts.find(({ value }) => value === filters.include)?.value ?? 'all';
  const name = `mcpnest-${workspace}.${endings[format]}${gzip ? '.gz' : ''}`;
  const query = {
    ...{ format, include, from: range.from, to: range.to },
    compress: gzip ? ('gzip' as const) : ('none' as const),
  };
  return (
    <Card title={t('exportTitle')} about={t('exportAbout')}>
      <div className="flex flex-col gap-4">
        <RadioCards
          label={t('format')}
          value={format}
          choices={formats}
          columns={3}
          onChange={(next) => setFilters({ format: next })}
        />
        <RangeChoice range={range} />
        <div className="flex flex-wrap items-center gap-4">
          <ChoiceRow
            label={t('include')}
            value={include}
            choices={parts}
            onChange={(next) => setFilters({ include: next })}
          />
          <Checkbox label={t('compress')} checked={gzip} onChange={setGzip} />
        </div>
        <div>
          <Button
            look="primary"
            busy={downloading.download.state === 'running'}
            onClick={() =>
              downloading.start(name, () => client.handover.export({ params: { workspace }, query }), nextHeader)
            }
          >
            {t('exportStart')}
          </Button>
        </div>
        <DownloadState
          downloading={downloading}
          goOn={(next) => `mcpnest audit export --format ${format} --after ${next} --workspace ${workspace}`}
        />
      </div>
    </Card>
  );
}

/** A day as the reader wrote it, or undefined for none. */
const dayOf = (text: string): string | undefined => (text === '' ? undefined : text);
const midnight = (text: string): string | undefined => (text === '' ? undefined : `${text}T00:00:00.000Z`);

function Evidence() {
  const workspace = useWorkspace();
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const downloading = useDownload();
  return (
    <Card title={t('evidenceTitle')} about={t('evidenceAbout')}>
      <div className="flex flex-col gap-4">
        <Days from={from} to={to} onFrom={setFrom} onTo={setTo} />
        <div>
          <Button
            busy={downloading.download.state === 'running'}
            onClick={() =>
              downloading.start(`mcpnest-evidence-${workspace}.zip`, () =>
                client.handover.evidence({ params: { workspace }, query: { from: midnight(from), to: midnight(to) } }),
              )
            }
          >
            {t('exportStart')}
          </Button>
        </div>
        <DownloadState downloading={downloading} />
      </div>
    </Card>
  );
}

function Bundle() {
  const workspace = useWorkspace();
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const downloading = useDownload();
  return (
    <Card title={t('bundleTitle')} about={t('bundleAbout')}>
      <div className="flex flex-col gap-4">
        <Days from={from} to={to} onFrom={setFrom} onTo={setTo} />
        <div>
          <Button
            busy={downloading.download.state === 'running'}
            onClick={() =>
              downloading.start(`mcpnest-bundle-${workspace}.jsonl`, () =>
                client.proofs.bundle({ params: { workspace }, query: { from: dayOf(from), to: dayOf(to) } }),
              )
            }
          >
            {t('exportStart')}
          </Button>
        </div>
        <DownloadState downloading={downloading} />
      </div>
    </Card>
  );
}

interface DaysProps {
  readonly from: string;
  readonly to: string;
  readonly onFrom: (day: string) => void;
  readonly onTo: (day: string) => void;
}

const Days = ({ from, to, onFrom, onTo }: DaysProps) => (
  <div className="grid grid-cols-2 gap-3">
    <TextField label={t('dayFrom')} type="date" optional value={from} onChange={onFrom} />
    <TextField label={t('dayTo')} type="date" optional value={to} onChange={onTo} />
  </div>
);
