import {
  acceptedContent,
  inputRequired,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type GetPromptResult,
  type InputRequiredResult,
  type Prompt,
  type ReadResourceResult,
  type Resource,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { form, pixel } from './schemas.ts';

export const resources: Resource[] = [
  { uri: 'test://static-text', name: 'Static text', description: 'A text that never changes', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'Static binary', description: 'One pixel', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'Watched', description: 'To subscribe to', mimeType: 'text/plain' },
];

export const resourceTemplates = [
  {
    uriTemplate: 'test://template/{id}/data',
    name: 'Template',
    description: 'Data by id',
    mimeType: 'application/json',
  },
];

/** @throws ResourceNotFoundError for anything else than what is listed */
export function readResource(uri: string): ReadResourceResult {
  if (uri === 'test://static-text') {
    return { contents: [{ uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }] };
  }
  if (uri === 'test://static-binary') return { contents: [{ uri, mimeType: 'image/png', blob: pixel }] };
  if (uri === 'test://watched-resource') return { contents: [{ uri, mimeType: 'text/plain', text: 'Watched.' }] };
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) throw new ResourceNotFoundError(uri);
  const data = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
  return { contents: [{ uri, mimeType: 'application/json', text: data }] };
}

const argument = (name: string, description: string) => ({ name, description, required: true });

export const prompts: Prompt[] = [
  { name: 'test_simple_prompt', description: 'One message' },
  {
    name: 'test_prompt_with_arguments',
    description: 'Two arguments in one message',
    arguments: [argument('arg1', 'First test argument'), argument('arg2', 'Second test argument')],
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'A resource in a message',
    arguments: [argument('resourceUri', 'URI of the resource to embed')],
  },
  { name: 'test_prompt_with_image', description: 'An image in a message' },
  { name: 'test_input_required_result_prompt', description: 'Asks the user first' },
];

type Message = GetPromptResult['messages'][number];

const say = (text: string): Message => ({ role: 'user', content: { type: 'text', text } });

/** @throws ProtocolError for an unknown prompt */
export function getPrompt(
  name: string,
  args: Readonly<Record<string, string>>,
  context: ServerContext,
): GetPromptResult | InputRequiredResult {
  switch (name) {
    case 'test_simple_prompt':
      return { messages: [say('This is a simple prompt for testing.')] };
    case 'test_prompt_with_arguments':
      return { messages: [say(`Prompt with arguments: arg1='${args['arg1']}', arg2='${args['arg2']}'`)] };
    case 'test_prompt_with_embedded_resource': {
      const uri = args['resourceUri'] ?? 'test://example-resource';
      const resource = { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' };
      return {
        messages: [
          { role: 'user', content: { type: 'resource', resource } },
          say('Please process the embedded resource above.'),
        ],
      };
    }
    case 'test_prompt_with_image': {
      const image: Message = { role: 'user', content: { type: 'image', data: pixel, mimeType: 'image/png' } };
      return { messages: [image, say('Please analyze the image above.')] };
    }
    case 'test_input_required_result_prompt': {
      const given = acceptedContent<{ context?: string }>(context.mcpReq.inputResponses, 'user_context');
      if (given !== undefined) return { messages: [say(`Use this context: ${given.context}`)] };
      const question = { message: 'What context should the prompt use?', requestedSchema: form('context') };
      return inputRequired({ inputRequests: { user_context: inputRequired.elicit(question) } });
    }
    default:
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown prompt: ${name}`);
  }
}
