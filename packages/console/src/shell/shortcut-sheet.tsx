import { t } from '../strings/shell.ts';
import { Dialog } from '../ui/dialog.tsx';
import { navigationItems } from './navigation-items.ts';

const keys: readonly (readonly [readonly string[], string])[] = [
  [['Ctrl', 'K'], 'Search pages, servers, people and actions'],
  [['/'], 'Search on this page'],
  ...navigationItems.map(({ key, label }) => [['g', key], `Go to ${label}`] as const),
  [['j', 'k'], 'Next and previous row'],
  [['Enter'], 'Open the row'],
  [['Space'], 'Select the row'],
  [['Esc'], 'Close what is open'],
  [['?'], 'This list'],
];

/** What the keyboard does. */
export const ShortcutSheet = ({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) => (
  <Dialog open={open} onClose={onClose} title={t('keyboard')}>
    <dl className="grid grid-cols-[auto_1fr] items-center gap-x-6 gap-y-2">
      {keys.map(([names, what]) => (
        <div key={what} className="contents">
          <dt className="flex gap-1">
            {names.map((name) => (
              <kbd
                key={name}
                className="min-w-6 rounded border border-line-strong bg-sunken px-1.5 text-center font-sans text-xs"
              >
                {name}
              </kbd>
            ))}
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  </Dialog>
);
