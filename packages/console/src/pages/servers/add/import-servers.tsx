import type { ImportedServer, ImportReport } from '@mcpnest/contract/clients/imported';
import type { ImportResult } from '@mcpnest/contract/schemas/imports';
import { useState } from 'react';
import { useChange } from '../../../api/queries.ts';
import { faultOf } from '../../../components/fault-of.ts';
import { useWorkspace } from '../../../components/workspace.tsx';
import { t } from '../../../strings/import-servers.ts';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextArea } from '../../../ui/field.tsx';
import { Form } from '../../../ui/form.tsx';
import { Notice } from '../../../ui/notice.tsx';
import { StatusWord } from '../../../ui/status.tsx';
import { UntrustedText } from '../../../ui/untrusted-text.tsx';
import { ImportedItem } from './imported-item.tsx';
import { addedOf, obstacleOf, readConfig } from './read-config.ts';

interface ImportServersProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

/** Bring the servers of a client behind the gateway, credentials included. */
export const ImportServers = ({ open, onClose }: ImportServersProps) => (
  <Dialog wide open={open} onClose={onClose} title={t('title')} about={t('about')}>
    {open && <Steps onClose={onClose} />}
  </Dialog>
);

function Steps({ onClose }: Pick<ImportServersProps, 'onClose'>) {
  const [report, setReport] = useState<ImportReport | null>(null);
  const [result, setResult] = useState<ImportResult | null>(null);
  if (result !== null) return <Outcome result={result} onClose={onClose} />;
  if (report !== null) return <Choice report={report} onBack={() => setReport(null)} onDone={setResult} />;
  return <Paste onRead={setReport} onClose={onClose} />;
}

interface PasteProps {
  readonly onRead: (report: ImportReport) => void;
  readonly onClose: () => void;
}

function Paste({ onRead, onClose }: PasteProps) {
  const [text, setText] = useState('');
  const [error, setError] = useState<string>();
  function read(config: string): void {
    try {
      const report = readConfig(config);
      if (report.servers.length > 0) onRead(report);
      else setError(t('noServers'));
    } catch (thrown) {
      setError(thrown instanceof RangeError ? t('tooLarge') : t('notJson'));
    }
  }
  return (
    <Form submit={t('read')} busy={false} onSubmit={() => read(text)} onCancel={onClose}>
      <TextArea
        label={t('configuration')}
        value={text}
        onChange={setText}
        rows={10}
        help={t('configurationHelp')}
        placeholder={'{ "mcpServers": { "github": { "url": "https://…" } } }'}
        error={error}
        mono
      />
      <label className="text-sm text-quiet">
        {t('orFile')}{' '}
        <input
          type="file"
          accept=".json,.jsonc,application/json"
          onChange={({ target: { files } }) => void files?.[0]?.text().then((config) => read(config))}
        />
      </label>
    </Form>
  );
}

interface ChoiceProps {
  readonly report: ImportReport;
  readonly onBack: () => void;
  readonly onDone: (result: ImportResult) => void;
}

function Choice({ report: { servers, problems }, onBack, onDone }: ChoiceProps) {
  const workspace = useWorkspace();
  const gateway = `${location.origin}/api/gw`;
  const open = servers.filter((server) => obstacleOf(server, gateway) === undefined);
  const [chosen, setChosen] = useState<ReadonlySet<ImportedServer>>(new Set(open));
  const apply = useChange('imports', 'apply', ['servers', 'tools', 'toolWeights', 'statistics']);
  const choose = (server: ImportedServer, checked: boolean): void => {
    const next = new Set(chosen);
    if (checked) next.add(server);
    else next.delete(server);
    setChosen(next);
  };
  return (
    <Form
      submit={t('add', { count: chosen.size })}
      busy={apply.isPending}
      disabled={chosen.size === 0}
      problem={faultOf(apply.error)}
      onCancel={onBack}
      onSubmit={() =>
        apply.mutate(
          { params: { workspace }, body: { servers: [...chosen].map((server) => addedOf(server)) } },
          { onSuccess: onDone },
        )
      }
    >
      {problems.map((problem) => (
        <Notice key={problem} tone="warn" title={<UntrustedText text={problem} />} />
      ))}
      <ul className="flex flex-col divide-y divide-line">
        {servers.map((server) => (
          <ImportedItem
            key={server.path.join('\0')}
            server={server}
            obstacle={obstacleOf(server, gateway)}
            checked={chosen.has(server)}
            onChange={(checked) => choose(server, checked)}
          />
        ))}
      </ul>
    </Form>
  );
}

const statusTones = { added: 'ok', exists: 'off', failed: 'bad' } as const;

const Outcome = ({ result: { items }, onClose }: { readonly result: ImportResult; readonly onClose: () => void }) => (
  <div className="flex flex-col gap-4">
    <ul aria-label={t('outcome')} className="flex flex-col divide-y divide-line">
      {items.map(({ name, status, detail }) => (
        <li key={name} className="flex flex-col gap-0.5 py-2">
          <span className="flex justify-between gap-4">
            <UntrustedText limit={100} text={name} />
            <StatusWord tone={statusTones[status]}>{t(`status_${status}`)}</StatusWord>
          </span>
          {detail !== null && <span className="text-sm text-quiet">{detail}</span>}
        </li>
      ))}
    </ul>
    <div className="flex justify-end">
      <Button look="primary" onClick={onClose}>
        {t('done')}
      </Button>
    </div>
  </div>
);
