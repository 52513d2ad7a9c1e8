import { useSuspenseQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { sessionQuery } from '../../api/session.ts';
import { useGo } from '../../components/navigate.ts';
import { paths } from '../../paths.ts';
import { t } from '../../strings/shell.ts';
import { Entrance } from './entrance.tsx';

/** `/`: to the first workspace, or to the sign-in page. */
export function StartPage() {
  const { data: session } = useSuspenseQuery(sessionQuery);
  const go = useGo();
  const first = session?.workspaces[0]?.slug;
  const to =
    session === null
      ? paths.signIn()
      : first !== undefined
        ? paths.home(first)
        : session.instanceRole === null
          ? null
          : paths.instance();
  useEffect(() => {
    if (to !== null) go(to, { replace: true });
  }, [to, go]);
  return to === null ? (
    <Entrance title={t('noWorkspace')} about={t('noWorkspaceAbout')}>
      {null}
    </Entrance>
  ) : null;
}
