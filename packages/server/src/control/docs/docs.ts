import { errorCodes } from '@mcpnest/contract/error-codes';
import type { ErrorCode } from '@mcpnest/contract/error-codes';
import type { OpenApiDocument, OpenApiOperation } from '@mcpnest/contract/openapi';
import { errorStatus } from '@mcpnest/contract/problem';
import { html } from './html.ts';
import type { Html } from './html.ts';
import { aboutOf, fieldRow, schemaTable, typeOf } from './schema-table.ts';

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: OpenApiOperation;
}

/** The control API as a page: everything on it comes from the OpenAPI document. No script, no foreign resource. */
export function docsPage(document: OpenApiDocument): string {
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Entry => ({ method, path, operation })),
  );
  const groups = document.tags.map((tag) => ({
    ...tag,
    entries: entries.filter((entry) => entry.operation.tags.includes(tag.name)),
  }));
  const url = document.servers[0]?.url ?? '';
  return page(
    'Control API – MCPNest',
    html`<div class="page">
      <nav aria-label="Operations">
        ${groups.map(
          (group) =>
            html`<div>
              <h2><a href="#${group.name}">${words(group.name)}</a></h2>
              <ul>
                ${group.entries.map(
                  ({ operation }) => html`<li><a href="#${operation.operationId}">${operation.operationId}</a></li>`,
                )}
              </ul>
            </div> `,
        )}
        <div>
          <h2><a href="#errors">errors</a></h2>
        </div>
      </nav>
      <main>
        <h1>${document.info.title}</h1>
        <p class="quiet">Version ${document.info.version} · <a href="/api/v1/openapi.json">OpenAPI 3.1 document</a></p>
        <p>${document.info.description}</p>
        <pre><code>export MCPNEST_API_KEY=mnk_…   # from: mcpnest bootstrap, or mcpnest key issue
curl -s ${url}/api/v1/instance -H "Authorization: Bearer $MCPNEST_API_KEY"</code></pre>
        ${groups.map(
          (group) =>
            html`<section id="${group.name}">
              <h2>${words(group.name)}</h2>
              <p class="quiet">${group.description}</p>
              ${group.entries.map((entry) => operationArticle(entry, url))}
            </section> `,
        )}
        ${errorSection()}
      </main>
    </div>`,
  );
}

/** What stands at `/`: where to go from here. */
export const landingPage = (version: string): string =>
  page(
    'MCPNest',
    html`<main>
      <h1>MCPNest</h1>
      <p class="quiet">Version ${version}</p>
      <p>Every MCP server of a workspace behind one authenticated URL.</p>
      <p>The console is not built here: <code>npm start</code> builds it, and this page becomes it.</p>
      <ul>
        <li>MCP clients connect to <code>/api/gw/&lt;workspace&gt;</code> with a gateway token.</li>
        <li>The <a href="/docs">control API</a> changes what the gateway serves.</li>
        <li>On this machine, <code>mcpnest --help</code> does the same from a terminal.</li>
      </ul>
    </main>`,
  );

function operationArticle({ method, path, operation }: Entry, url: string): Html {
  const body = operation.requestBody?.content['application/json'];
  const done = Object.entries(operation.responses).find(([status]) => status.startsWith('2'));
  const answer = done?.[1].content?.['application/json'];
  return html`<article id="${operation.operationId}">
    <h3>${operation.summary}</h3>
    <p class="route"><span class="method ${method}">${method.toUpperCase()}</span> ${path}</p>
    <ul class="tags">
      <li>${operation.operationId}</li>
      <li>${operation['x-role'] === 'invited' ? 'an invitation' : `role: ${operation['x-role']}`}</li>
      ${
        operation['x-scope'] === 'instance' && operation['x-role'] !== 'invited' ? html`<li>instance key</li>` : null
      }${operation['x-errors'].map((code) => html`<li><a href="#${code}">${code}</a></li>`)}
    </ul>
    <p>${operation.description}</p>
    ${operation.parameters.length === 0 ? null : parameterTable(operation)}
    ${
      body === undefined
        ? null
        : html`<h4>Body</h4>
            ${schemaTable(body.schema)}`
    }
    <h4>Example</h4>
    <pre><code>${curl(method, url + path, body?.example)}</code></pre>
    ${
      answer === undefined
        ? html`<p class="quiet">Answers ${done?.[0] ?? '204'} without a body.</p>`
        : html`<details>
            <summary>Answer ${done?.[0] ?? ''}</summary>
            ${schemaTable(answer.schema)}
          </details>`
    }
  </article> `;
}

const parameterTable = (operation: OpenApiOperation): Html =>
  html`<h4>Parameters</h4>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          ${operation.parameters.map((parameter) =>
            fieldRow({
              name: parameter.name,
              type: `${typeOf(parameter.schema)}, in the ${parameter.in}`,
              required: parameter.required,
              about: aboutOf({
                ...parameter.schema,
                ...(parameter.description === undefined ? {} : { description: parameter.description }),
              }),
            }),
          )}
        </tbody>
      </table>
    </div>`;

const exampleNames: Readonly<Record<string, string>> = {
  workspace: 'acme',
  server: 'context7',
  target: '127.0.0.1:9101',
};

function curl(method: string, url: string, example: unknown): string {
  // A place-holder in braces would be a pattern to curl.
  const filled = url.replace(/\{(\w+)\}/g, (_, name: string) => exampleNames[name] ?? `${name.toUpperCase()}_ID`);
  const lines = [
    `curl -s ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}'${filled}'`,
    '-H "Authorization: Bearer $MCPNEST_API_KEY"',
  ];
  if (example !== undefined) lines.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(example)}'`);
  return lines.join(' \\\n  ');
}

const errorSection = (): Html =>
  html`<section id="errors">
    <h2>Errors</h2>
    <p class="quiet">
      Every error is a problem document (RFC 9457): <code>application/problem+json</code> with code, detail and request
      id.
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">HTTP</th>
            <th scope="col">Meaning</th>
            <th scope="col">Try again?</th>
          </tr>
        </thead>
        <tbody>
          ${(Object.keys(errorCodes) as ErrorCode[]).map(
            (code) =>
              html`<tr id="${code}">
                <td><code>${code}</code></td>
                <td>${errorStatus[code]}</td>
                <td>${errorCodes[code].meaning}</td>
                <td>${errorCodes[code].retryable ? 'may help' : 'no'}</td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
  </section>`;

const words = (noun: string): string => noun.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const page = (title: string, body: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        ${body}
      </body>
    </html> `.markup;
