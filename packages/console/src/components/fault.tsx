import type { ErrorComponentProps } from '@tanstack/react-router';
import { paths } from '../paths.ts';
import { Button } from '../ui/button.tsx';
import { LinkButton } from './link.tsx';
import { ProblemNotice } from './asked.tsx';

/** In place of a page that failed; the rest of the console goes on. */
export const Fault = ({ error, reset }: ErrorComponentProps) => (
  <main id="main" className="mx-auto flex w-full max-w-2xl flex-col gap-4 px-6 py-12">
    <h1 className="text-2xl font-semibold">This page cannot be shown</h1>
    <ProblemNotice error={error} onRetry={reset} />
    <div className="flex gap-2">
      <Button onClick={() => location.reload()}>Reload</Button>
      <LinkButton to={paths.start()}>Go to the start</LinkButton>
    </div>
  </main>
);

/** For an address that leads nowhere. */
export const NotFound = () => (
  <main id="main" className="mx-auto flex w-full max-w-2xl flex-col items-start gap-4 px-6 py-12">
    <h1 className="text-2xl font-semibold">There is no such page</h1>
    <p className="text-quiet">The address may be mistyped, or what it led to is gone, or it is not for you to see.</p>
    <LinkButton look="primary" to={paths.start()}>
      Go to the start
    </LinkButton>
  </main>
);
