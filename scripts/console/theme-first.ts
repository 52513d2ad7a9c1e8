import type { Plugin } from 'vite';

/** Put the theme's chunk into the head as a blocking script, so that no page is painted in the wrong colours. */
export const themeFirst = (): Plugin => ({
  name: 'mcpnest-theme-first',
  transformIndexHtml: {
    order: 'post',
    handler(_html, { bundle }) {
      const theme = Object.values(bundle ?? {}).find((chunk) => chunk.type === 'chunk' && chunk.name === 'theme');
      if (theme === undefined) throw new Error('the build has no chunk named theme');
      return [{ tag: 'script', attrs: { src: `/${theme.fileName}` }, injectTo: 'head-prepend' }];
    },
  },
});
