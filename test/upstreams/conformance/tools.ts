import type { Tool } from '@modelcontextprotocol/server';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  choicesForm,
  defaultsForm,
  headerSchema,
  noArguments,
  oneString,
  pixel,
  schema2020,
  silence,
} from './schemas.ts';
import { inputTools } from './input-tools.ts';
import { text, type FixtureTool } from './tool.ts';

/** Tools the conformance suite calls by name, in list order. */
export const tools: Readonly<Record<string, FixtureTool>> = {
  test_simple_text: {
    description: 'Answers with one text block',
    inputSchema: noArguments,
    run: () => text('This is a simple text response for testing.'),
  },
  test_image_content: {
    description: 'Answers with an image',
    inputSchema: noArguments,
    run: () => ({ content: [{ type: 'image', data: pixel, mimeType: 'image/png' }] }),
  },
  test_audio_content: {
    description: 'Answers with audio',
    inputSchema: noArguments,
    run: () => ({ content: [{ type: 'audio', data: silence, mimeType: 'audio/wav' }] }),
  },
  test_embedded_resource: {
    description: 'Answers with an embedded resource',
    inputSchema: noArguments,
    run: () => ({
      content: [
        {
          type: 'resource',
          resource: {
            uri: 'test://embedded-resource',
            mimeType: 'text/plain',
            text: 'This is an embedded resource content.',
          },
        },
      ],
    }),
  },
  test_multiple_content_types: {
    description: 'Answers with text, an image and a resource',
    inputSchema: noArguments,
    run: () => ({
      content: [
        { type: 'text', text: 'Multiple content types test:' },
        { type: 'image', data: pixel, mimeType: 'image/png' },
        {
          type: 'resource',
          resource: {
            uri: 'test://mixed-content-resource',
            mimeType: 'application/json',
            text: '{"test":"data","value":123}',
          },
        },
      ],
    }),
  },
  test_tool_with_logging: {
    description: 'Sends three log messages while it runs',
    inputSchema: noArguments,
    run: async (_, context) => {
      await context.mcpReq.log('info', 'Tool execution started');
      await sleep(50);
      await context.mcpReq.log('info', 'Tool processing data');
      await sleep(50);
      await context.mcpReq.log('info', 'Tool execution completed');
      return text('Three log messages were sent.');
    },
  },
  test_tool_with_progress: {
    description: 'Reports progress three times where a token was sent',
    inputSchema: noArguments,
    run: async (_, context) => {
      const progressToken = context.mcpReq._meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined) {
          await context.mcpReq.notify({
            method: 'notifications/progress',
            params: { progressToken, progress, total: 100 },
          });
        }
        if (progress < 100) await sleep(50);
      }
      return text('Done.');
    },
  },
  test_error_handling: {
    description: 'Always fails as a tool',
    inputSchema: noArguments,
    run: () => ({ ...text('This tool intentionally returns an error for testing'), isError: true }),
  },
  test_reconnection: {
    description: 'Ends its own stream before the answer, so that the client must resume it',
    inputSchema: noArguments,
    run: async (_, context) => {
      await sleep(50);
      context.http?.closeSSE?.();
      await sleep(100);
      return text('The stream was resumed.');
    },
  },
  test_sampling: {
    description: 'Asks the client for a completion',
    inputSchema: oneString('prompt', 'What to ask the model'),
    run: async (args, context) => {
      const answer = await context.mcpReq.requestSampling({
        messages: [{ role: 'user', content: { type: 'text', text: String(args['prompt']) } }],
        maxTokens: 100,
      });
      return text(`LLM response: ${JSON.stringify(answer.content)}`);
    },
  },
  test_elicitation: {
    description: 'Asks the user for name and email',
    inputSchema: oneString('message', 'What to show to the user'),
    run: async (args, context) => {
      const answer = await context.mcpReq.elicitInput({
        message: String(args['message']),
        requestedSchema: {
          type: 'object',
          properties: {
            username: { type: 'string', description: "User's response" },
            email: { type: 'string', description: "User's email address" },
          },
          required: ['username', 'email'],
        },
      });
      return text(`User response: ${JSON.stringify(answer)}`);
    },
  },
  test_elicitation_sep1034_defaults: {
    description: 'Asks the user with a default for each primitive type',
    inputSchema: noArguments,
    run: async (_, context) => {
      const answer = await context.mcpReq.elicitInput({ message: 'Please review', requestedSchema: defaultsForm });
      return text(`Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    },
  },
  test_elicitation_sep1330_enums: {
    description: 'Asks the user with each kind of choice',
    inputSchema: noArguments,
    run: async (_, context) => {
      const answer = await context.mcpReq.elicitInput({ message: 'Please choose', requestedSchema: choicesForm });
      return text(`Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    },
  },
  json_schema_2020_12_tool: {
    description: 'Tool with JSON Schema 2020-12 features',
    inputSchema: schema2020 as unknown as Tool['inputSchema'],
    run: (args) => text(JSON.stringify(args)),
  },
  ...inputTools,
  test_logging_tool: {
    description: 'Sends a log message, which must not arrive unless a level was asked for',
    inputSchema: noArguments,
    run: async (_, context) => {
      await context.mcpReq.log('info', 'Only for those who asked');
      return text('Done.');
    },
  },
  test_x_mcp_header: {
    description: 'Has an argument that is mirrored in a header',
    inputSchema: headerSchema,
    run: (args) => text(`region=${String(args['region'])}`),
  },
  test_trigger_tool_change: {
    description: 'Announces that the list of tools changed',
    inputSchema: noArguments,
    run: (_, __, fixture) => {
      fixture.toolsChanged();
      return text('Announced.');
    },
  },
  test_trigger_prompt_change: {
    description: 'Announces that the list of prompts changed',
    inputSchema: noArguments,
    run: (_, __, fixture) => {
      fixture.promptsChanged();
      return text('Announced.');
    },
  },
};
