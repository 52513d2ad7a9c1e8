import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { AnyRoute } from '@tanstack/react-router';
import type { ComponentType } from 'react';

/**
 * A page with an address, loaded when somebody goes there:
 * `page(parent, 'servers/$server', () => import('./server-page.tsx'), 'ServerPage')`.
 */
export const page = <K extends string>(
  parent: AnyRoute,
  path: string,
  load: () => Promise<Readonly<Record<K, ComponentType>>>,
  name: K,
): AnyRoute => createRoute({ getParentRoute: () => parent, path, component: lazyRouteComponent(load, name) });
