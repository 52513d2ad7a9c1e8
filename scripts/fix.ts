/** `npm run fix`: let lint and format mend what they can by themselves. What they cannot is `npm run check`'s to say. */
import { runTask } from './lib/steps.ts';
import { runTool } from './lib/tool.ts';

await runTask(async () => {
  const lint = await runTool('oxlint', ['--type-aware', '--fix'], { show: true });
  const format = await runTool('oxfmt', ['.'], { show: true });
  return lint.code === 0 ? format.code : lint.code;
});
