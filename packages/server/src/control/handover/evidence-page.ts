import type { Control } from './evidence-controls.ts';

/** What the pack says of itself. */
export interface PackIndex {
  readonly product: string;
  readonly version: string;
  readonly workspace: { readonly id: string; readonly slug: string };
  readonly period: { readonly from: string; readonly to: string };
  readonly controls: readonly Control[];
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0)!};`);

const link = (file: string): string => `<a href="${escape(file)}">${escape(file)}</a>`;

/** The index for people: static, no scripts, and text from outside is text. */
export function indexPage({ version, workspace, period, controls, files }: PackIndex): string {
  const asked = controls.map(
    ({ id, question, files: answers, commands }) => `<tr>
<td>${escape(id)}</td><td>${escape(question)}</td>
<td>${answers.map(link).join('<br>')}</td><td>${commands.map((command) => `<code>${escape(command)}</code>`).join('<br>')}</td>
</tr>`,
  );
  const held = files.map(
    ({ name, bytes, sha256 }) =>
      `<tr><td>${link(name)}</td><td>${String(bytes)}</td><td><code>${escape(sha256)}</code></td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Evidence of ${escape(workspace.slug)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem;max-width:75rem}td,th{border:1px solid #999;padding:.3rem .6rem;text-align:left;vertical-align:top}table{border-collapse:collapse}</style>
</head>
<body>
<h1>Evidence of the workspace ${escape(workspace.slug)}</h1>
<p>From ${escape(period.from)} to ${escape(period.to)} (not in it), UTC. Made by MCPNest ${escape(version)}.</p>
<p>Files that say “now” and the check of the journal are of the moment the pack was made; everything else is of the period.
<code>sha256sum -c SHA256SUMS</code> checks that no file was changed since.</p>
<h2>Questions</h2>
<table><tr><th>Control</th><th>Question</th><th>Answered in</th><th>The same by hand</th></tr>
${asked.join('\n')}
</table>
<h2>Files</h2>
<table><tr><th>File</th><th>Bytes</th><th>SHA-256</th></tr>
${held.join('\n')}
</table>
</body>
</html>
`;
}
