import type { ClientAdapter } from './adapter.ts';
import { claudeAi, claudeCode, claudeDesktop } from './anthropic.ts';
import { cline, continueDev, goose, lmStudio } from './assistants.ts';
import { cursor, jetBrains, kiro, vsCode, windsurf, zed } from './editors.ts';
import { amp, codexCli, copilotCli, geminiCli, openCode } from './terminals.ts';

/** Every client MCPNest knows how to connect, in the order they are shown. */
export const clients: readonly ClientAdapter[] = [
  claudeCode,
  claudeDesktop,
  claudeAi,
  cursor,
  vsCode,
  copilotCli,
  codexCli,
  geminiCli,
  windsurf,
  openCode,
  zed,
  cline,
  continueDev,
  goose,
  lmStudio,
  jetBrains,
  kiro,
  amp,
];

/** @returns undefined for a client that is not known */
export const findClient = (id: string): ClientAdapter | undefined => clients.find((client) => client.id === id);
