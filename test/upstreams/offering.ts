import type { EchoOptions, RpcFault, SeenRequest } from './echo.ts';

export interface Offer {
  readonly prompts?: readonly object[];
  readonly resources?: readonly object[];
  readonly templates?: readonly object[];
  /** Raw JSON text of the result of a prompt that was got. */
  readonly prompt?: (request: SeenRequest) => string;
  /** Raw JSON text of the result of a resource that was read; default: one text with the URI in it. */
  readonly read?: (request: SeenRequest) => string | RpcFault;
}

/** Answers of an echo upstream that offers more than tools; what is left out it does not know. */
export function offering(offer: Offer): Required<Pick<EchoOptions, 'answers'>> {
  const list = (member: string, entries: readonly object[]) => (): string => JSON.stringify({ [member]: entries });
  return {
    answers: {
      ...(offer.prompts === undefined ? {} : { 'prompts/list': list('prompts', offer.prompts) }),
      ...(offer.resources === undefined ? {} : { 'resources/list': list('resources', offer.resources) }),
      ...(offer.templates === undefined
        ? {}
        : { 'resources/templates/list': list('resourceTemplates', offer.templates) }),
      'prompts/get':
        offer.prompt ??
        (({ params }) => JSON.stringify({ messages: [message({ type: 'text', text: String(params['name']) })] })),
      'resources/read': offer.read ?? (({ params }) => JSON.stringify({ contents: [text(String(params['uri']))] })),
      'completion/complete': ({ params }) =>
        JSON.stringify({ completion: { values: [JSON.stringify(params['ref'])], total: 1, hasMore: false } }),
    },
  };
}

export const text = (uri: string): object => ({ uri, mimeType: 'text/plain', text: `content of ${uri}` });

export const message = (content: object): object => ({ role: 'user', content });
