/**
 * A hosted server that does what a test tells it: it takes the secrets document from its standard input as the bridge
 * does, and then runs the JavaScript of every request's body and answers with what that returned.
 */
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

for await (const line of createInterface({ input: process.stdin })) {
  globalThis.secrets = JSON.parse(line);
  break;
}
Object.assign(process.env, globalThis.secrets.env);
process.on('SIGTERM', () => process.exit(0));
const AsyncFunction = (async () => {}).constructor;

createServer(async (request, response) => {
  if (request.headers.authorization !== `Bearer ${globalThis.secrets.token}`) {
    response.writeHead(401).end();
    return;
  }
  let code = '';
  for await (const chunk of request.setEncoding('utf8')) code += chunk;
  try {
    const result = await new AsyncFunction('load', code)((name) => import(name));
    response.end(JSON.stringify({ result: result ?? null }));
  } catch (error) {
    response.end(JSON.stringify({ error: error.code ?? String(error) }));
  }
}).listen(Number(process.env.MCP_BRIDGE_PORT), process.env.MCP_BRIDGE_HOST, () => console.log('probe is ready'));
