import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';

export interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  /** One sentence under the title. */
  readonly about?: ReactNode;
  readonly children: ReactNode;
  readonly wide?: boolean;
}

const scrim =
  'fixed inset-0 z-40 bg-scrim transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0';

/** Something to be done before anything else. Esc and the backdrop leave it. */
export function Dialog({ wide = false, ...rest }: DialogProps) {
  return (
    <Frame
      {...rest}
      place="inset-0 m-auto h-fit max-h-[calc(100dvh-4rem)] w-[calc(100vw-2rem)]"
      shape={cx('popup', wide ? 'max-w-3xl' : 'max-w-lg')}
    />
  );
}

/** A closer look at one thing while the list stays in sight. */
export function SidePanel({ wide = false, ...rest }: DialogProps) {
  return (
    <Frame
      {...rest}
      place="inset-y-0 right-0 w-full"
      shape={cx(
        'border-l border-line bg-panel shadow-popup transition-transform duration-150 data-ending-style:translate-x-8 data-ending-style:opacity-0 data-starting-style:translate-x-8 data-starting-style:opacity-0',
        wide ? 'max-w-3xl' : 'max-w-xl',
      )}
    />
  );
}

type FrameProps = Omit<DialogProps, 'wide'> & { readonly place: string; readonly shape: string };

function Frame({ open, onClose, title, about, children, place, shape }: FrameProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={scrim} />
        <Base.Popup className={cx('fixed z-40 flex flex-col overflow-y-auto', place, shape)}>
          <div className="flex items-start gap-4 px-5 pt-4 pb-3">
            <div className="grow">
              <Base.Title className="text-lg font-semibold">{title}</Base.Title>
              {about !== undefined && <Base.Description className="text-quiet">{about}</Base.Description>}
            </div>
            <Base.Close
              aria-label="Close"
              className="grid size-8 place-items-center rounded-md text-quiet hover:bg-sunken hover:text-text"
            >
              <X size={16} aria-hidden />
            </Base.Close>
          </div>
          <div className="grow px-5 pb-5">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
