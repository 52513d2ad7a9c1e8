import type { Session } from '../api/session.ts';
import { can } from '../capabilities.ts';
import { paths } from '../paths.ts';

/** Where an area begins for somebody: with its first part that they may open. */
export type AreaStart = (workspace: string, session: Session) => string;

export const accessStart: AreaStart = (workspace, session) =>
  can(session, 'members.list', workspace) ? paths.access(workspace) : paths.accessPart(workspace, 'teams');

export const activityStart: AreaStart = (workspace, session) =>
  can(session, 'calls.list', workspace) ? paths.activity(workspace) : paths.timelines(workspace);
