import type { Simulation } from '@mcpnest/contract/schemas/access';
import { useMemo, useState } from 'react';
import { useChange } from '../../api/queries.ts';
import { faultOf } from '../../components/fault-of.ts';
import { useWorkspace } from '../../components/workspace.tsx';
import { t } from '../../strings/access-rules.ts';
import { Card } from '../../ui/card.tsx';
import { RadioCards } from '../../ui/choice-controls.tsx';
import { Form } from '../../ui/form.tsx';
import { Select } from '../../ui/select.tsx';
import { AccessFrame } from './access-frame.tsx';
import { SimulationResult } from './simulation-result.tsx';

const trials = {
  enforcement: { enforcement: true },
  strict: { preset: 'strict' },
  open: { preset: 'open', enforcement: false },
} as const;

/** What other settings would have done to the calls of the last days. */
export const SimulationPage = () => (
  <AccessFrame
    about={t('simulationAbout')}
    same={['rules simulate --enforcement on', 'POST /policy/simulation']}
    needs={['policy.simulate', t('whatSimulation')]}
  >
    <Trial />
  </AccessFrame>
);

function Trial() {
  const workspace = useWorkspace();
  const simulate = useChange('policy', 'simulate');
  const [trial, setTrial] = useState<keyof typeof trials>('enforcement');
  const [days, setDays] = useState('1');
  const result: Simulation | undefined = simulate.data;
  const choices = useMemo(
    () =>
      [
        { value: 'enforcement', label: t('tryEnforcement'), help: t('tryEnforcementHelp') },
        { value: 'strict', label: t('tryStrict'), help: t('tryStrictHelp') },
        { value: 'open', label: t('tryOpen'), help: t('tryOpenHelp') },
      ] as const,
    [],
  );
  return (
    <>
      <Card>
        <Form
          submit={t('run')}
          busy={simulate.isPending}
          problem={faultOf(simulate.error)}
          onSubmit={() => simulate.mutate({ params: { workspace }, body: { ...trials[trial], days: Number(days) } })}
        >
          <RadioCards label={t('try')} value={trial} choices={choices} onChange={setTrial} columns={3} />
          <div className="max-w-xs">
            <Select
              label={t('period')}
              value={days}
              onChange={setDays}
              choices={['1', '7', '30', '90'].map((value) => ({
                value,
                label: t('lastDays', { count: Number(value) }),
              }))}
            />
          </div>
        </Form>
      </Card>
      <div aria-live="polite">{result !== undefined && <SimulationResult result={result} />}</div>
    </>
  );
}
