import { Menu as Base } from '@base-ui/react/menu';
import type { ReactElement, ReactNode } from 'react';
import { cx } from './cx.ts';

export interface MenuItem {
  readonly label: ReactNode;
  readonly onSelect: () => void;
  readonly icon?: ReactNode;
  readonly danger?: boolean;
  readonly disabled?: boolean;
}

export interface MenuProps {
  readonly trigger: ReactElement;
  /** Groups, with a line between them. */
  readonly groups: readonly (readonly MenuItem[])[];
  readonly align?: 'start' | 'end';
}

/** A list of things to do, behind a button. */
export function Menu({ trigger, groups, align = 'end' }: MenuProps) {
  const filled = groups.filter((group) => group.length > 0);
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align={align} className="z-50">
          <Base.Popup className="popup min-w-48 p-1">
            {filled.map((group, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- groups have no other identity
              <Base.Group key={index} className={cx(index > 0 && 'mt-1 border-t border-line pt-1')}>
                {group.map((item, place) => (
                  <Base.Item
                    // oxlint-disable-next-line react/no-array-index-key -- items have no other identity
                    key={place}
                    disabled={item.disabled === true}
                    onClick={item.onSelect}
                    className={cx(
                      'flex items-center gap-2 rounded px-2 py-1.5 data-disabled:opacity-50 data-highlighted:bg-sunken',
                      item.danger === true && 'text-bad',
                    )}
                  >
                    {item.icon}
                    {item.label}
                  </Base.Item>
                ))}
              </Base.Group>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
