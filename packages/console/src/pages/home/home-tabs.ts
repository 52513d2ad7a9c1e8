import type { LinkTab } from '../../components/page.tsx';
import { paths } from '../../paths.ts';
import { t } from '../../strings/home.ts';

/** The two halves of Home: how it fares, and who uses what. */
export const homeTabs = (workspace: string): readonly LinkTab[] => [
  { label: t('overview'), to: paths.home(workspace) },
  { label: t('insights'), to: paths.insights(workspace), needs: 'statistics.dependencies' },
];
