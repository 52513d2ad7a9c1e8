#!/usr/bin/env node
// Plain JavaScript, because an older Node must be able to read it and say what is wrong.
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 24 || (major === 24 && minor >= 15)) {
  const { run } = await import('../src/main.ts');
  await run(process.argv.slice(2));
} else {
  process.stderr.write(`error: mcpnest-bridge needs Node 24.15 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 1;
}
