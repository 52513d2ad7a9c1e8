/**
 * What `tools/list` shows: every tool; three tools to find, describe and call the others with; or whichever weighs less
 * where the list is long.
 */
export const toolListModes = ['all', 'search', 'auto'] as const;
export type ToolListMode = (typeof toolListModes)[number];

export interface ToolListSettings {
  readonly mode: ToolListMode;
  /** `auto` shows the search tools where the caller's list is estimated to have more tokens than this. */
  readonly autoAboveTokens: number;
}

export const defaultToolList: ToolListSettings = { mode: 'all', autoAboveTokens: 20_000 };

/** What definitions of published servers come to, in two public vocabularies; `docs/large-estates.md` has the figures. */
const bytesPerToken = 4.5;

/**
 * How many tokens a model may be expected to read for so many bytes of tool definitions. An estimate: vocabularies
 * differ, and how clients show definitions to their models differs more.
 */
export const estimatedTokens = (bytes: number): number => Math.ceil(bytes / bytesPerToken);

/** @returns undefined for text that is no mode */
export const readToolListMode = (text: string | null): ToolListMode | undefined =>
  toolListModes.find((mode) => mode === text);
