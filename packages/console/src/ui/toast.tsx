import { Toast as Base } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';

const manager = Base.createToastManager();

export interface ToastOptions {
  readonly title: string;
  readonly detail?: string;
  /** Takes back what was done; offered while the message stays. */
  readonly undo?: () => void;
  readonly tone?: 'ok' | 'bad';
}

/** Say in passing that something was done. What must be acted upon is a Notice on the page. */
export function toast({ title, detail, undo, tone = 'ok' }: ToastOptions): void {
  const id = manager.add({
    title,
    ...(detail === undefined ? {} : { description: detail }),
    type: tone,
    timeout: undo === undefined ? 5_000 : 10_000,
    priority: tone === 'bad' ? 'high' : 'low',
    ...(undo === undefined
      ? {}
      : {
          actionProps: {
            children: 'Undo',
            onClick: () => {
              manager.close(id);
              undo();
            },
          },
        }),
  });
}

/** Where toasts appear; once, around the whole console. */
export function ToastRegion({ children }: { readonly children: ReactNode }) {
  return (
    <Base.Provider toastManager={manager} limit={3}>
      {children}
      <Base.Portal>
        <Base.Viewport className="fixed right-4 bottom-4 z-50 flex w-80 flex-col gap-2">
          <Toasts />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function Toasts() {
  const { toasts } = Base.useToastManager();
  return toasts.map((item) => (
    <Base.Root key={item.id} toast={item} className="popup flex items-start gap-3 p-3">
      <div className="grow">
        <Base.Title className={item.type === 'bad' ? 'font-medium text-bad' : 'font-medium'} />
        <Base.Description className="text-sm text-quiet" />
      </div>
      <Base.Action className="rounded px-1.5 font-medium text-accent-text hover:bg-sunken" />
      <Base.Close aria-label="Dismiss" className="rounded p-0.5 text-quiet hover:text-text">
        <X size={14} aria-hidden />
      </Base.Close>
    </Base.Root>
  ));
}
