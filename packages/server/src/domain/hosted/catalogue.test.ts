import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolClasses } from '@mcpnest/contract/rule-form';
import { describe, expect, it } from 'vitest';
import { catalogue, findEntry } from './catalogue.ts';
import { profiles } from './entry.ts';
import { isForbiddenKey } from './forbidden-keys.ts';

const twelve =
  'filesystem github postgres notion context7 slack sqlite brave-search puppeteer memory sequential-thinking everything';
const recipes = join(import.meta.dirname, '../../../hosted');

interface Lock {
  readonly packages: Readonly<Record<string, { version?: string; integrity?: string; resolved?: string }>>;
}
const json = (file: string): unknown => JSON.parse(readFileSync(join(recipes, file), 'utf8'));

describe('the catalogue', () => {
  it('[HST-01][HST-12][BRG-08] has the twelve, and what replaces those that are archived', () => {
    const slugs = catalogue.map(({ slug }) => slug);
    expect(slugs.slice(0, 12)).toEqual(twelve.split(' '));
    expect(new Set(slugs).size).toBe(slugs.length);
    expect(new Set(catalogue.map(({ image }) => image)).size).toBe(slugs.length);
    expect(catalogue.filter(({ state }) => state === 'archived').map(({ slug }) => slug)).toEqual(
      'github postgres slack brave-search puppeteer'.split(' '),
    );
    expect(findEntry('github')?.description).toContain('https://api.githubcopilot.com/mcp/');
    expect(findEntry('nothing')).toBeUndefined();
  });

  it.each(catalogue.map((entry) => [entry.slug, entry] as const))('says of %s all that it must', (slug, entry) => {
    expect(slug).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
    expect(entry.version).toBeGreaterThan(0);
    for (const text of [entry.name, entry.publisher, entry.licence]) expect(text).toMatch(/^\S(?:.*\S)?$/);
    expect(entry.description).toMatch(/^[A-Z].{10,240}\.$/);
    expect(entry.homepage).toMatch(/^https:\/\//);
    expect(entry.image).toMatch(/^mcpnest\/hosted-[a-z0-9-]+$/);
    expect(Object.keys(profiles)).toContain(entry.profile);
    for (const replacement of entry.replacedBy) expect(findEntry(replacement)?.state).toBe('maintained');
    for (const host of entry.egress) expect(host).toMatch(/^(?:[a-z0-9-]+\.)+[a-z]{2,}$/);
    for (const { path, megabytes } of entry.scratch) {
      expect(path).toMatch(/^\/[a-z]+$/);
      expect(megabytes * 2).toBeLessThanOrEqual(profiles[entry.profile].memoryMegabytes);
    }
    const tools = entry.toolClasses.map(([tool]) => tool);
    expect(tools.length).toBeGreaterThan(0);
    expect(new Set(tools).size).toBe(tools.length);
    for (const [, toolClass] of entry.toolClasses) expect(toolClasses).toContain(toolClass);
  });

  it.each(catalogue.map((entry) => [entry.slug, entry] as const))(
    '[HST-02] asks for the variables of %s in words, and for none that shapes how programs are loaded',
    (_, entry) => {
      const keys = entry.variables.map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
      for (const { key, label, help } of entry.variables) {
        expect(key).toMatch(/^[A-Z][A-Z0-9_]*$/);
        expect(isForbiddenKey(key)).toBe(false);
        expect(label).toMatch(/\S/);
        expect(help).toMatch(/\S.*\.$/);
      }
      for (const word of entry.command) if (typeof word !== 'string') expect(keys).toContain(word.variable);
      for (const { variable } of entry.reaches)
        expect(entry.variables.find(({ key }) => key === variable)).toMatchObject({ type: 'password' });
      const secret = entry.variables.filter(({ key }) => /TOKEN|KEY|SECRET|PASSWORD|DSN|_URL$/.test(key));
      expect(secret.map(({ type }) => type)).toEqual(secret.map(() => 'password'));
    },
  );

  it.each(catalogue.map((entry) => [entry.slug, entry] as const))(
    'pins all that %s installs by version and hash, from the registry alone',
    (slug, entry) => {
      const { name, version } = entry.package;
      const manifest = json(`${slug}/package.json`) as { dependencies: Record<string, string>; scripts?: unknown };
      expect(manifest.dependencies[name]).toBe(version);
      expect(manifest.scripts).toBeUndefined();
      const { packages } = json(`${slug}/package-lock.json`) as Lock;
      expect(packages[`node_modules/${name}`]?.version).toBe(version);
      const { '': own, ...installed } = packages;
      expect(own).toMatchObject({ dependencies: manifest.dependencies });
      for (const { integrity, resolved } of Object.values(installed)) {
        expect(integrity).toMatch(/^sha512-/);
        expect(resolved ?? 'https://registry.npmjs.org/').toMatch(/^https:\/\/registry\.npmjs\.org\//);
      }
      expect(entry.command.slice(0, 2)).toEqual(['node', expect.stringContaining(`/node_modules/${name}/`)]);
      expect(existsSync(join(recipes, slug, '.npmrc'))).toBe(false);
    },
  );
});
