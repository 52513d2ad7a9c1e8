import { people } from '@mcpnest/contract/operations/people';
import type { OpenDatabase } from '../../platform/database/database.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { erasePerson } from './people.ts';

/** The routes of `operations/people.ts`. */
export function peopleRoutes({ database }: { readonly database: OpenDatabase }): Route[] {
  return [
    route(people.erase, async ({ change, workspace, input }) => {
      const erasure = await change((made) => erasePerson(made, workspace, input.body));
      if (erasure.erased) await database.settle();
      return erasure;
    }),
    route(people.eraseEverywhere, async ({ change, input }) => {
      const erasure = await change((made) => erasePerson(made, null, input.body));
      if (erasure.erased) await database.settle();
      return erasure;
    }),
  ];
}
