/** The stylesheet of the documentation; light and dark by the reader's own setting. */
export const docsStyle = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #14171c);
  --raised: light-dark(#f6f7f9, #1c2129);
  --line: light-dark(#dfe3e8, #303742);
  --text: light-dark(#1d232b, #e4e8ee);
  --quiet: light-dark(#56606c, #9aa5b3);
  --accent: light-dark(#0b63c5, #7ab7ff);
  --get: light-dark(#0b6b3a, #6fd39b);
  --change: light-dark(#8a4b00, #f0b45c);
  --end: light-dark(#b3261e, #ff9c94);
  --mono: ui-monospace, 'SF Mono', Menlo, Consolas, 'Liberation Mono', monospace;
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
a { color: var(--accent); text-underline-offset: 0.15em; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.page { display: grid; grid-template-columns: 16rem minmax(0, 1fr); max-width: 82rem; margin: 0 auto; }
nav { position: sticky; top: 0; align-self: start; height: 100vh; overflow-y: auto; padding: 2rem 1rem 2rem 1.5rem; border-right: 1px solid var(--line); font-size: 0.875rem; }
nav h2 { margin: 1.25rem 0 0.25rem; font-size: 0.8125rem; color: var(--quiet); font-weight: 600; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav li a { display: block; padding: 0.125rem 0; color: inherit; text-decoration: none; }
nav li a:hover { color: var(--accent); }
main { padding: 2rem 2.5rem 6rem; min-width: 0; }
body > main { max-width: 48rem; margin: 0 auto; }
h1 { margin: 0 0 0.25rem; font-size: 1.75rem; line-height: 1.2; }
main > section > h2 { margin: 3.5rem 0 0.25rem; font-size: 1.375rem; }
h3 { margin: 0; font-size: 1.0625rem; }
h4 { margin: 1.25rem 0 0.375rem; font-size: 0.875rem; color: var(--quiet); font-weight: 600; }
p { margin: 0.5rem 0; max-width: 72ch; }
.quiet { color: var(--quiet); }
code, pre { font-family: var(--mono); font-size: 0.8438rem; }
pre { margin: 0; padding: 0.875rem 1rem; overflow-x: auto; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; line-height: 1.5; }
article { margin-top: 1.5rem; padding: 1.25rem 1.5rem; border: 1px solid var(--line); border-radius: 8px; }
article:target, tr:target { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.route { margin: 0.375rem 0 0; font-family: var(--mono); font-size: 0.875rem; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 4.5em; font-weight: 700; }
.get { color: var(--get); }
.post, .put, .patch { color: var(--change); }
.delete { color: var(--end); }
.tags { margin: 0.625rem 0 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: 0.5rem; font-size: 0.8125rem; }
.tags li { padding: 0.0625rem 0.5rem; border: 1px solid var(--line); border-radius: 4px; color: var(--quiet); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; }
th { text-align: left; font-weight: 600; color: var(--quiet); }
th, td { padding: 0.375rem 0.75rem 0.375rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:first-child { white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
summary { cursor: pointer; color: var(--accent); font-size: 0.875rem; margin-top: 1rem; width: fit-content; }
details > :nth-child(2) { margin-top: 0.5rem; }
@media (max-width: 56rem) {
  .page { display: block; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); padding: 1rem 1.25rem; columns: 2 10rem; }
  nav div { break-inside: avoid; }
  main { padding: 1.5rem 1.25rem 4rem; }
  article { padding: 1rem; }
}
@media print { nav { display: none; } .page { display: block; } }
`;
