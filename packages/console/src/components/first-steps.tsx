import { Check } from 'lucide-react';
import { cx } from '../ui/cx.ts';

/** What leads from an empty instance to a first call, in order. */
export const firstSteps = ['owner', 'server', 'client'] as const;
export type FirstStep = (typeof firstSteps)[number];

const words: Readonly<Record<FirstStep, string>> = {
  owner: 'Become the owner',
  server: 'First server',
  client: 'Connect your client',
};

export interface FirstStepsProps {
  readonly current: FirstStep | undefined;
  readonly done: ReadonlySet<FirstStep>;
}

/** Where somebody is on that way; a step is done when the data says so. */
export const FirstSteps = ({ current, done }: FirstStepsProps) => (
  <ol aria-label="First steps" className="flex flex-wrap gap-x-5 gap-y-2 text-sm">
    {firstSteps.map((step, index) => (
      <li
        key={step}
        aria-current={step === current ? 'step' : undefined}
        className={cx('flex items-center gap-2', step === current ? 'font-medium text-text' : 'text-quiet')}
      >
        <span
          aria-hidden
          className={cx(
            'grid size-5 place-items-center rounded-full border text-2xs font-semibold',
            done.has(step)
              ? 'border-accent bg-accent text-on-accent'
              : step === current
                ? 'border-accent text-accent-text'
                : 'border-line-strong',
          )}
        >
          {done.has(step) ? <Check size={11} strokeWidth={3} /> : index + 1}
        </span>
        {words[step]}
        {done.has(step) && <span className="sr-only">, done</span>}
      </li>
    ))}
  </ol>
);
