import type { Page } from 'playwright-core';

/** What a page must never show: that something ran, or that a text became an element, a dialog or a way out. */
export async function harm(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    if ('executed' in globalThis) found.push('a text was executed');
    const foreign = 'iframe,object,embed,base,marquee,video,math,form[action],meta[http-equiv],img:not([src^="/"])';
    for (const element of document.body.querySelectorAll(foreign))
      found.push(`there is ${element.outerHTML.slice(0, 90)}`);
    for (const element of document.querySelectorAll('*'))
      for (const { name, value } of element.attributes) {
        if (name.startsWith('on')) found.push(`there is ${name} on ${element.tagName}`);
        if (/^(href|src|action|formaction|xlink:href)$/.test(name) && /^\s*(javascript|data|vbscript):/i.test(value))
          found.push(`${element.tagName} leads to ${value.slice(0, 60)}`);
      }
    const over = document.documentElement.scrollWidth - innerWidth;
    if (over > 0) found.push(`the page is ${over} px wider than the window`);
    return found;
  });
}
