import { Page } from '../../components/page.tsx';
import { densities, themes, useDensity, useTheme } from '../../preferences.ts';
import { t } from '../../strings/account.ts';
import { Card } from '../../ui/card.tsx';
import { RadioCards } from '../../ui/choice-controls.tsx';
import { PasskeysCard } from './passkeys-card.tsx';
import { PasswordCard } from './password-card.tsx';
import { SessionsCard } from './sessions-card.tsx';

/** What concerns the person alone. */
export function AccountPage() {
  const [theme, setTheme] = useTheme();
  const [density, setDensity] = useDensity();
  return (
    <Page title={t('title')} about={t('about')}>
      <Card title={t('look')}>
        <div className="flex flex-col gap-4">
          <RadioCards
            label={t('theme')}
            columns={3}
            value={theme}
            choices={themes.map((value) => ({ value, label: t(value) }))}
            onChange={setTheme}
          />
          <RadioCards
            label={t('density')}
            columns={3}
            value={density}
            choices={densities.map((value) => ({ value, label: t(value) }))}
            onChange={setDensity}
          />
        </div>
      </Card>
      <PasswordCard />
      <PasskeysCard />
      <SessionsCard />
    </Page>
  );
}
