import { Outlet } from '@tanstack/react-router';
import { useSuspenseQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';
import { sessionQuery } from '../api/session.ts';
import type { Session } from '../api/session.ts';
import { giveUpSigningInAgain, useAskedToSignIn } from '../api/sign-in-again.ts';
import { useGo, useHere } from '../components/navigate.ts';
import { usePathPart } from '../components/workspace.tsx';
import { paths } from '../paths.ts';
import { t } from '../strings/shell.ts';
import { Skeleton } from '../ui/states.tsx';
import { Sidebar } from './sidebar.tsx';
import { ShortcutSheet } from './shortcut-sheet.tsx';
import { useShortcuts } from './shortcuts.ts';

const SignInAgain = lazy(async () => ({ default: (await import('./sign-in-again.tsx')).SignInAgain }));
const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));

/** What is around every page of somebody who is signed in; anybody else is led to the sign-in page and back. */
export const Shell = () => (
  <Suspense fallback={<Skeleton rows={8} />}>
    <Gate />
  </Suspense>
);

function Gate() {
  const { data: session } = useSuspenseQuery(sessionQuery);
  const { pathname, searchStr } = useHere();
  const go = useGo();
  const signedIn = session !== null;
  useEffect(() => {
    if (!signedIn) giveUpSigningInAgain();
  }, [signedIn]);
  useEffect(() => {
    // The shell is still here for a moment after it has sent somebody away.
    if (!signedIn && pathname !== paths.signIn()) go(paths.signIn(pathname + searchStr), { replace: true });
  }, [signedIn, pathname, searchStr, go]);
  return signedIn ? <Frame session={session} /> : null;
}

function Frame({ session }: { readonly session: Session }) {
  const [open, setOpen] = useState<'palette' | 'sheet' | null>(null);
  const workspace = usePathPart('workspace');
  const close = (): void => setOpen(null);
  const settleSignIn = useAskedToSignIn();
  useShortcuts({ workspace, session, onPalette: () => setOpen('palette'), onSheet: () => setOpen('sheet') });
  return (
    <div className="grid min-h-dvh grid-cols-1 md:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent px-3 py-1.5 text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        {t('skip')}
      </a>
      <Sidebar workspace={workspace} onPalette={() => setOpen('palette')} onSheet={() => setOpen('sheet')} />
      <Suspense
        fallback={
          <main id="main" className="mx-auto w-full max-w-6xl px-10 py-7">
            <Skeleton rows={8} />
          </main>
        }
      >
        <Outlet />
      </Suspense>
      {open === 'palette' && (
        <Suspense fallback={null}>
          <Palette workspace={workspace} onClose={close} />
        </Suspense>
      )}
      {settleSignIn !== null && (
        <Suspense fallback={null}>
          <SignInAgain session={session} onSettled={settleSignIn} />
        </Suspense>
      )}
      <ShortcutSheet open={open === 'sheet'} onClose={close} />
    </div>
  );
}
