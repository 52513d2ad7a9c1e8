import type { CallKind } from '../domain/policy.ts';

/** What a server lists, by the names the gateway stores lists under. */
export const listKinds = ['tools', 'prompts', 'resources', 'templates'] as const;
export type ListKind = (typeof listKinds)[number];

/** What a `list_changed` notification can speak of: templates are told of together with resources. */
export const announcedKinds = ['tools', 'prompts', 'resources'] as const;
export type AnnouncedKind = (typeof announcedKinds)[number];

/** One kind of list as the protocol has it. */
export interface ListForm {
  readonly kind: ListKind;
  readonly method: 'tools/list' | 'prompts/list' | 'resources/list' | 'resources/templates/list';
  /** Member of the result that holds the list. */
  readonly member: 'tools' | 'prompts' | 'resources' | 'resourceTemplates';
  /** Member of an entry that tells it from the others of its server. */
  readonly identity: 'name' | 'uri' | 'uriTemplate';
  /** As what its entries are judged. */
  readonly judgedAs: CallKind;
}

export const listForms: Readonly<Record<ListKind, ListForm>> = {
  tools: { kind: 'tools', method: 'tools/list', member: 'tools', identity: 'name', judgedAs: 'tool' },
  prompts: { kind: 'prompts', method: 'prompts/list', member: 'prompts', identity: 'name', judgedAs: 'prompt' },
  resources: {
    kind: 'resources',
    method: 'resources/list',
    member: 'resources',
    identity: 'uri',
    judgedAs: 'resource',
  },
  templates: {
    kind: 'templates',
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    identity: 'uriTemplate',
    judgedAs: 'resource',
  },
};
