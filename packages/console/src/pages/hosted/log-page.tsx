import type { HostedInstance } from '@mcpnest/contract/schemas/hosted';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { client } from '../../api/client.ts';
import { FilterBar } from '../../components/filter-bar.tsx';
import { toastFault } from '../../components/fault-of.ts';
import { useFilters } from '../../components/navigate.ts';
import { t } from '../../strings/hosted.ts';
import { Button } from '../../ui/button.tsx';
import { Switch } from '../../ui/choice-controls.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { Notice } from '../../ui/notice.tsx';
import { StatusWord } from '../../ui/status.tsx';
import { InstanceFrame } from './instance-frame.tsx';
import { mostLines } from './log-lines.ts';
import type { LogSoFar } from './log-lines.ts';
import { LogView } from './log-view.tsx';
import { useMayManage } from './use-instance.ts';
import { useLog } from './use-log.ts';

/** What a hosted instance writes, as it writes it. */
export const LogPage = () => (
  <InstanceFrame
    command={(id) => `mcpnest hosted logs ${id} --follow`}
    request={(id) => `GET /api/hosted/${id}/logs/follow`}
  >
    {(instance) => <Log instance={instance} />}
  </InstanceFrame>
);

function Log({ instance }: { readonly instance: HostedInstance }) {
  const mayManage = useMayManage();
  return mayManage(instance) ? <Lines instance={instance} /> : <Notice tone="info" title={t('notYours')} />;
}

function Lines({ instance: { instance_id: id, name } }: { readonly instance: HostedInstance }) {
  const [{ text }, setFilters] = useFilters(['text']);
  const [on, setOn] = useState(true);
  const [log, tell] = useLog(id, on);
  const read = useMutation({
    mutationFn: () => client.hosted.logs({ params: { instance: id }, query: {} }),
    onSuccess: (logs) => tell({ type: 'read', logs }),
    onError: toastFault,
  });
  const wanted = text?.toLowerCase();
  const found = wanted === undefined ? log.lines : log.lines.filter((line) => line.text.toLowerCase().includes(wanted));
  const copied = found.map((line) => `${line.at} ${line.stream} ${line.text}`).join('\n');
  return (
    <div className="flex flex-col gap-3">
      <FilterBar
        label={t('logSearch')}
        text={text}
        onText={(next) => setFilters({ text: next })}
        onClear={text === undefined ? undefined : () => setFilters({ text: undefined })}
      >
        <Switch label={t('follow')} checked={on} onChange={setOn} />
        {!on && (
          <Button small busy={read.isPending} onClick={() => read.mutate()}>
            {t('last')}
          </Button>
        )}
        <span className="ml-auto flex items-center gap-3 text-sm text-quiet">
          <Mode mode={on ? log.mode : 'still'} />
          {text === undefined
            ? t('lines', { count: log.lines.length })
            : t('linesOf', { found: found.length, all: log.lines.length })}
          <CopyButton text={copied} label={t('copyShown')} />
        </span>
      </FilterBar>
      {log.mode === 'ended' && (
        <Notice tone="warn" title={t('logEnded')}>
          {log.reason}
        </Notice>
      )}
      {log.lines.length === mostLines && <p className="text-sm text-quiet">{t('linesDropped')}</p>}
      <LogView
        label={t('logOf', { name })}
        lines={found}
        none={t(text === undefined ? 'noLines' : 'noLineFits')}
        tall
      />
    </div>
  );
}

function Mode({ mode }: { readonly mode: LogSoFar['mode'] | 'still' }) {
  if (mode === 'ended') return null;
  if (mode === 'following') return <StatusWord tone="ok">{t('following')}</StatusWord>;
  return <StatusWord tone="off">{t(mode)}</StatusWord>;
}
