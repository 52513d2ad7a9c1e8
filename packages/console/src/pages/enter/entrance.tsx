import { useEffect } from 'react';
import type { ReactNode } from 'react';
import { Mark } from '../../shell/mark.tsx';

export interface EntranceProps {
  readonly title: string;
  readonly about: string;
  readonly children: ReactNode;
}

/** What is around a page for who is not signed in. */
export function Entrance({ title, about, children }: EntranceProps) {
  useEffect(() => {
    document.title = `${title} · MCPNest`;
  }, [title]);
  return (
    <main id="main" className="grid min-h-dvh place-items-center px-4 py-12">
      <div className="flex w-full max-w-sm flex-col gap-6">
        <header className="flex flex-col items-start gap-3">
          <Mark size={36} />
          <div>
            <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
            <p className="text-quiet">{about}</p>
          </div>
        </header>
        {children}
      </div>
    </main>
  );
}
