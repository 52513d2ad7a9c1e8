import type { Server } from '@mcpnest/contract/schemas/servers';
import { ArrowDown, ArrowDownToLine, ArrowUp, ArrowUpToLine, MoreHorizontal, Power } from 'lucide-react';
import { t } from '../../strings/servers.ts';
import { Button } from '../../ui/button.tsx';
import { Menu } from '../../ui/menu.tsx';
import { useMove, useSwitch } from './use-switch.ts';

/** What can be done to a server from the list. */
export function RowMenu({ server, count }: { readonly server: Server; readonly count: number }) {
  const flip = useSwitch();
  const move = useMove();
  const { position } = server;
  const to = (label: string, place: number, icon: typeof ArrowUp) => {
    const Icon = icon;
    return {
      label,
      icon: <Icon size={14} aria-hidden />,
      disabled: place === position || place < 1 || place > count,
      onSelect: () => move(server, place),
    };
  };
  return (
    <Menu
      trigger={
        <Button look="quiet" small aria-label={t('menuOf', { name: server.name })} className="w-7 px-0!">
          <MoreHorizontal size={15} aria-hidden />
        </Button>
      }
      groups={[
        [
          {
            label: server.enabled ? t('disable') : t('enable'),
            icon: <Power size={14} aria-hidden />,
            onSelect: () => flip(server),
          },
        ],
        [
          to(t('moveFirst'), 1, ArrowUpToLine),
          to(t('moveUp'), position - 1, ArrowUp),
          to(t('moveDown'), position + 1, ArrowDown),
          to(t('moveLast'), count, ArrowDownToLine),
        ],
      ]}
    />
  );
}
