import { useParams } from '@tanstack/react-router';
import { can } from '../capabilities.ts';
import { useSession } from '../api/session.ts';

/** A part of the address by its name, e.g. `$server` as `server`. */
export function usePathPart(name: string): string {
  const params: Readonly<Record<string, string | undefined>> = useParams({ strict: false });
  return params[name] ?? '';
}

/** Slug of the workspace in the address. */
export const useWorkspace = (): string => usePathPart('workspace');

/** Whether the person may do something here: `const mayAdd = useMay('servers.create')`. */
export const useMay = (operation: string): boolean => can(useSession(), operation, useWorkspace());
