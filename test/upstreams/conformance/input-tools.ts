import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  MissingRequiredClientCapabilityError,
  type ClientCapabilities,
  type InputRequests,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { randomBytes } from 'node:crypto';
import { form, noArguments } from './schemas.ts';
import { text, type FixtureTool } from './tool.ts';

/** Seals what a tool must remember between two rounds; a changed seal is refused before the tool runs. */
export const stateCodec = createRequestStateCodec<{ round: number }>({ key: randomBytes(32) });

const ask = (message: string, field: string, type?: 'boolean') =>
  inputRequired.elicit({ message, requestedSchema: form(field, type) });

const declaredBy = (context: ServerContext): ClientCapabilities =>
  (context.mcpReq.envelope as Readonly<Record<string, ClientCapabilities>> | undefined)?.[
    CLIENT_CAPABILITIES_META_KEY
  ] ?? {};

const askModel = (question: string, maxTokens = 100) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: question } }], maxTokens });

/** Tools that answer `input_required` first (2026-07-28, basic/patterns/mrtr). */
export const inputTools: Readonly<Record<string, FixtureTool>> = {
  test_input_required_result_elicitation: {
    description: 'Asks for a name, then greets',
    inputSchema: noArguments,
    run: (_, context) => {
      const name = acceptedContent<{ name?: unknown }>(context.mcpReq.inputResponses, 'user_name')?.name;
      if (typeof name !== 'string')
        return inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } });
      return text(`Hello, ${name}!`);
    },
  },
  test_input_required_result_sampling: {
    description: 'Asks the model for a capital',
    inputSchema: noArguments,
    run: (_, context) => {
      const answer = inputResponse(context.mcpReq.inputResponses, 'capital_question');
      if (answer.kind === 'sampling') return text(JSON.stringify(answer.result.content));
      return inputRequired({ inputRequests: { capital_question: askModel('What is the capital of France?') } });
    },
  },
  test_input_required_result_list_roots: {
    description: 'Asks for the roots',
    inputSchema: noArguments,
    run: (_, context) => {
      const answer = inputResponse(context.mcpReq.inputResponses, 'client_roots');
      if (answer.kind === 'roots') return text(answer.roots.map((root) => root.uri).join('\n'));
      return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    },
  },
  test_input_required_result_request_state: {
    description: 'Asks for a confirmation and keeps state with the client',
    inputSchema: noArguments,
    run: async (_, context) => {
      const known = context.mcpReq.requestState<{ round: number }>();
      const answer = inputResponse(context.mcpReq.inputResponses, 'confirm');
      if (known !== undefined && answer.kind === 'elicit') return text('state-ok');
      return inputRequired({
        inputRequests: { confirm: ask('Please confirm', 'ok', 'boolean') },
        requestState: await stateCodec.mint({ round: 1 }),
      });
    },
  },
  test_input_required_result_multiple_inputs: {
    description: 'Asks the user, the model and for roots at once',
    inputSchema: noArguments,
    run: async (_, context) => {
      const given = context.mcpReq.inputResponses;
      if (['user_name', 'greeting', 'client_roots'].every((key) => inputResponse(given, key).kind !== 'missing')) {
        return text('All three arrived.');
      }
      return inputRequired({
        inputRequests: {
          user_name: ask('What is your name?', 'name'),
          greeting: askModel('Generate a greeting', 50),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await stateCodec.mint({ round: 1 }),
      });
    },
  },
  test_input_required_result_multi_round: {
    description: 'Asks twice',
    inputSchema: noArguments,
    run: async (_, context) => {
      const round = context.mcpReq.requestState<{ round: number }>()?.round ?? 0;
      const given = context.mcpReq.inputResponses;
      if (round === 2 && inputResponse(given, 'step2').kind === 'elicit') return text('Both answers arrived.');
      const step2 = round === 1 && inputResponse(given, 'step1').kind === 'elicit';
      return inputRequired({
        inputRequests: step2
          ? { step2: ask('Step 2: What is your favorite color?', 'color') }
          : { step1: ask('Step 1: What is your name?', 'name') },
        requestState: await stateCodec.mint({ round: step2 ? 2 : 1 }),
      });
    },
  },
  test_input_required_result_tampered_state: {
    description: 'Refuses state that was changed on the way',
    inputSchema: noArguments,
    run: async (_, context) => {
      if (context.mcpReq.requestState() !== undefined) return text('The state is genuine.');
      return inputRequired({
        inputRequests: { confirm: ask('Please confirm', 'ok', 'boolean') },
        requestState: await stateCodec.mint({ round: 1 }),
      });
    },
  },
  test_input_required_result_capabilities: {
    description: 'Asks only for what the client declared',
    inputSchema: noArguments,
    run: (_, context) => {
      if (context.mcpReq.inputResponses !== undefined) return text('Thank you.');
      const declared = declaredBy(context);
      const inputRequests: InputRequests = {};
      if (declared.sampling !== undefined) inputRequests['question'] = askModel('What is the capital of France?');
      if (declared.elicitation !== undefined) inputRequests['user_name'] = ask('What is your name?', 'name');
      if (declared.roots !== undefined) inputRequests['client_roots'] = inputRequired.listRoots();
      if (Object.keys(inputRequests).length === 0) return text('Nothing can be asked of this client.');
      return inputRequired({ inputRequests });
    },
  },
  test_missing_capability: {
    description: 'Needs sampling',
    inputSchema: noArguments,
    run: (_, context) => {
      const declared = declaredBy(context);
      if (declared.sampling === undefined)
        throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
      return text('Sampling was declared.');
    },
  },
  test_streaming_elicitation: {
    description: 'Asks the user in the middle of a stream',
    inputSchema: noArguments,
    run: (_, context) => {
      if (inputResponse(context.mcpReq.inputResponses, 'user_name').kind !== 'missing') return text('Thank you.');
      return inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } });
    },
  },
};
