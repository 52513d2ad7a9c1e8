import { declaredNames } from './args-shape.ts';
import type { Definition } from './definitions.ts';
import type { GovernedMethod } from './governed-call.ts';
import { methodNotFound } from './rpc-error.ts';

/** Methods of the protocol itself that are nobody's extension: what a server asks of a client, and what is gone. */
const reserved =
  /^(?:initialize$|ping$|server\/|client\/|tools\/|prompts\/|resources\/(?!directory\/)|completion\/|logging\/|sampling\/|elicitation\/|roots\/|subscriptions\/|tasks\/|notifications\/|rpc\.)/;

/** As far as a row keeps it. */
const form = /^[A-Za-z][\w./-]{0,63}$/;

/** Whether a method can only be one of an extension, which its server alone knows. */
export const isExtensionMethod = (method: string): boolean => form.test(method) && !reserved.test(method);

/**
 * A method of an extension at the URL of one server: judged, recorded and passed on as it is (versioning "Extension
 * Negotiation"). In a whole workspace nobody could say whom it is for.
 */
export function extensionMethod(method: string): GovernedMethod {
  return {
    method,
    mirrored: false,
    read: () => ({
      kind: 'method',
      node: undefined,
      name: method,
      recorded: method,
      args: undefined,
      fault: undefined,
    }),
    find: (_, { server }) =>
      server === undefined ? undefined : { server, definition: definitionOf(method), name: method },
    unknown: (_, { era }) => methodNotFound(method, era.kind === 'modern'),
    // What its parameters mean is not known, so nothing of them is kept.
    describe: (record) => record.arguments('{}', undefined),
    edits: () => undefined,
  };
}

/** Nothing lists methods, so there is no definition to pin. */
const definitionOf = (method: string): Definition => ({
  name: method,
  before: '',
  after: '',
  hash: null,
  declared: declaredNames([]),
  paramHeaders: [],
  template: undefined,
  hasUi: false,
});
