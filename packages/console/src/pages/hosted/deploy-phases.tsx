import { Check, Circle, LoaderCircle, X } from 'lucide-react';
import { t } from '../../strings/hosted.ts';
import { cx } from '../../ui/cx.ts';
import type { Faring } from './log-lines.ts';

const phases = ['image', 'container', 'handshake', 'tools'] as const;

/**
 * The phase an instance is in; `phases.length`: it is through them all. A container that writes has been started, so
 * what is waited for then is the handshake.
 * @param tools tools of it that the gateway lists
 */
export function phaseOf(
  { state, health }: Pick<Faring, 'state' | 'health'>,
  hasWritten: boolean,
  tools: number,
): number {
  if (state === 'pending' || state === 'pulling') return 0;
  if (state === 'running') return health === 'healthy' || tools > 0 ? phases.length : 3;
  if (state === 'degraded') return 3;
  if (state === 'sleeping') return phases.length;
  return hasWritten ? 2 : 1;
}

/** Whether an instance is through all phases. */
export const isReady = (phase: number): boolean => phase === phases.length;

/** The way from an image to tools. @param failed whether the present phase will not end by itself */
export const DeployPhases = ({ phase, failed }: { readonly phase: number; readonly failed: boolean }) => (
  <ol aria-label={t('phases')} className="grid grid-cols-2 gap-x-3 gap-y-2 sm:grid-cols-4">
    {phases.map((name, place) => {
      const state = place < phase ? 'phaseDone' : place > phase ? 'phaseNext' : failed ? 'phaseBad' : 'phaseNow';
      return (
        <li
          key={name}
          aria-current={place === phase ? 'step' : undefined}
          className={cx('flex items-center gap-2 border-t-2 pt-2', looks[state])}
        >
          <Sign state={state} />
          <span>
            <span className="block font-medium">{t(`phase_${name}`)}</span>
            <span className="block text-sm text-quiet">{t(state)}</span>
          </span>
        </li>
      );
    })}
  </ol>
);

type PhaseState = 'phaseDone' | 'phaseNow' | 'phaseNext' | 'phaseBad';

const looks: Readonly<Record<PhaseState, string>> = {
  phaseDone: 'border-ok text-text',
  phaseNow: 'border-accent text-text',
  phaseNext: 'border-line text-quiet',
  phaseBad: 'border-bad text-text',
};

function Sign({ state }: { readonly state: PhaseState }) {
  const shared = { size: 16, 'aria-hidden': true } as const;
  if (state === 'phaseDone') return <Check {...shared} className="text-ok" />;
  if (state === 'phaseNow') return <LoaderCircle {...shared} className="animate-spin text-accent-text" />;
  if (state === 'phaseBad') return <X {...shared} className="text-bad" />;
  return <Circle {...shared} className="text-quiet" />;
}
