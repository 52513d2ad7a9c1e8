import { imports } from '@mcpnest/contract/operations/imports';
import type { Vault } from '../../platform/vault/vault.ts';
import { route } from '../operation.ts';
import type { Route } from '../operation.ts';
import { applyImport } from './imports.ts';

/** The routes of `operations/imports.ts`. */
export const importRoutes = ({ vault }: { readonly vault: Vault }): Route[] => [
  route(imports.apply, ({ change, workspace, input }) =>
    change((made) => applyImport(made, vault, workspace, input.body)),
  ),
];
