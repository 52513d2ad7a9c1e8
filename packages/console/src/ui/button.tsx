import type { ComponentProps, ReactNode } from 'react';
import { cx } from './cx.ts';
import { Tooltip } from './tooltip.tsx';

export type ButtonLook = 'primary' | 'plain' | 'quiet' | 'danger';

const looks: Readonly<Record<ButtonLook, string>> = {
  primary: 'bg-accent text-on-accent hover:brightness-110 border-transparent',
  plain: 'bg-panel text-text border-line hover:border-line-strong hover:bg-sunken',
  quiet: 'bg-transparent text-quiet border-transparent hover:bg-sunken hover:text-text',
  danger: 'bg-panel text-bad border-line hover:bg-bad-soft hover:border-bad',
};

/** The classes of a button, for a link that looks like one. */
export const buttonClass = (look: ButtonLook = 'plain', small = false): string =>
  cx(
    'inline-flex items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap select-none',
    'transition-colors disabled:opacity-50 disabled:pointer-events-none aria-busy:opacity-70',
    small ? 'h-7 px-2 text-sm' : 'h-8.5 px-3 text-base',
    looks[look],
  );

type Native = Omit<ComponentProps<'button'>, 'type'>;

export interface ButtonProps extends Native {
  readonly look?: ButtonLook;
  readonly small?: boolean;
  /** Something is under way; the button cannot be pressed again until it ends. */
  readonly busy?: boolean;
  readonly type?: 'button' | 'submit';
}

/** Something that happens on this page. What leads elsewhere is a link. */
export function Button({ look, small, busy = false, type = 'button', className, disabled, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      // oxlint-disable-next-line react/button-has-type -- the type is a closed choice above
      type={type}
      aria-busy={busy || undefined}
      disabled={disabled === true || busy}
      className={cx(buttonClass(look, small), className)}
    />
  );
}

export interface IconButtonProps extends Omit<ButtonProps, 'children'> {
  /** What it does, in words: read aloud, and shown on hover and focus. */
  readonly label: string;
  readonly icon: ReactNode;
}

/** A button that shows a picture only. */
export function IconButton({ label, icon, className, look = 'quiet', ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <Button {...rest} look={look} aria-label={label} className={cx('w-8.5 px-0!', className)}>
        {icon}
      </Button>
    </Tooltip>
  );
}
