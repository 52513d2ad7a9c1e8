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

/**
 * How many tokens a model may be expected to read for so many bytes of tool definitions. An estimate: vocabularies
 * differ, and how clients show definitions to their models differs more. Four bytes a token is what definitions of
 * published servers come to; `docs/large-estates.md` has the error.
 */
export const estimatedTokens = (bytes: number): number => Math.ceil(bytes / 4);

/** @returns undefined for text that is no mode */
export const readToolListMode = (text: string | null): ToolListMode | undefined =>
  toolListModes.find((mode) => mode === text);
