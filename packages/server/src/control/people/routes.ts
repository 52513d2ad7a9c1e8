import { people } from '@mcpnest/contract/operations/people';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { erasePerson } from './people.ts';

/** The routes of `operations/people.ts`. */
export function peopleRoutes(): Route[] {
  return [
    route(people.erase, ({ change, workspace, input }) => change((made) => erasePerson(made, workspace, input.body))),
    route(people.eraseEverywhere, ({ change, input }) => change((made) => erasePerson(made, null, input.body))),
  ];
}
