import { useRouter } from '@tanstack/react-router';
import type { ComponentProps, MouseEvent } from 'react';
import { buttonClass } from '../ui/button.tsx';
import type { ButtonLook } from '../ui/button.tsx';
import { cx } from '../ui/cx.ts';

export interface LinkProps extends Omit<ComponentProps<'a'>, 'href'> {
  /** An address from `paths`. */
  readonly to: string;
}

/** A link within the console. With a modifier key, and on a middle click, it is the browser's. */
export function Link({ to, onClick, children, ...rest }: LinkProps) {
  const router = useRouter();
  function follow(event: MouseEvent<HTMLAnchorElement>): void {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.history.push(to);
  }
  return (
    <a {...rest} href={to} onClick={follow}>
      {children}
    </a>
  );
}

/** A link in running text. */
export const TextLink = ({ className, ...rest }: LinkProps) => (
  <Link
    {...rest}
    className={cx(
      'text-accent-text underline decoration-accent/40 underline-offset-3 hover:decoration-accent',
      className,
    )}
  />
);

/** A link that looks like a button, for the main way onwards. */
export const LinkButton = ({
  look,
  small,
  className,
  ...rest
}: LinkProps & { readonly look?: ButtonLook; readonly small?: boolean }) => (
  <Link {...rest} className={cx(buttonClass(look, small), className)} />
);

/** A link to another site; it learns nothing of where it was followed from. */
export const OutsideLink = ({ href, children }: { readonly href: string; readonly children: string }) => (
  <a
    href={href}
    target="_blank"
    rel="noopener noreferrer nofollow"
    className="text-accent-text underline underline-offset-3"
  >
    {children}
  </a>
);
