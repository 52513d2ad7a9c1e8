import { braveSearchOfficial } from './entries/brave-search-official.ts';
import { braveSearch } from './entries/brave-search.ts';
import { context7 } from './entries/context7.ts';
import { dbhub } from './entries/dbhub.ts';
import { everything } from './entries/everything.ts';
import { filesystem } from './entries/filesystem.ts';
import { github } from './entries/github.ts';
import { memory } from './entries/memory.ts';
import { notion } from './entries/notion.ts';
import { playwright } from './entries/playwright.ts';
import { postgres } from './entries/postgres.ts';
import { puppeteer } from './entries/puppeteer.ts';
import { sequentialThinking } from './entries/sequential-thinking.ts';
import { slack } from './entries/slack.ts';
import { sqlite } from './entries/sqlite.ts';
import type { CatalogueEntry } from './entry.ts';

/** Every server that can be hosted: first the well-known ones, then what replaces those nobody maintains any more. */
export const catalogue: readonly CatalogueEntry[] = [
  filesystem,
  github,
  postgres,
  notion,
  context7,
  slack,
  sqlite,
  braveSearch,
  puppeteer,
  memory,
  sequentialThinking,
  everything,
  dbhub,
  braveSearchOfficial,
  playwright,
];

/** @returns undefined where no entry has that slug */
export const findEntry = (slug: string): CatalogueEntry | undefined => catalogue.find((entry) => entry.slug === slug);
