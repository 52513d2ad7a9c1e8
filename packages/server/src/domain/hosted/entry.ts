import type { ToolClass } from '@mcpnest/contract/rule-form';

/** One stdio server that can be hosted, as reviewed: all that shapes its container. A change is another `version`. */
export interface CatalogueEntry {
  /** `[a-z0-9-]`; never used for anything else. */
  readonly slug: string;
  /** Grows by one with every change of the entry; instances remember theirs. */
  readonly version: number;
  readonly name: string;
  readonly description: string;
  readonly publisher: string;
  /** SPDX identifier of the package's licence. */
  readonly licence: string;
  readonly homepage: string;
  /** `archived`: its source says nobody maintains it. */
  readonly state: 'maintained' | 'community' | 'archived';
  /** Slugs of entries to use instead. */
  readonly replacedBy: readonly string[];
  /** What npm installs, at its exact version; the lock file beside the image's recipe pins the rest. */
  readonly package: { readonly name: string; readonly version: string };
  /** Name of the image without a tag; which bytes it is, `mcp_allowed_images` says by digest. */
  readonly image: string;
  /** The server's command inside the image. `{ variable }` stands for the value of one declared variable. */
  readonly command: readonly (string | { readonly variable: string })[];
  readonly variables: readonly DeclaredVariable[];
  readonly profile: ProfileName;
  /** Hosts it may reach, by name, on port 443; empty: no way out at all. */
  readonly egress: readonly string[];
  /** Variables whose value names one more address it must reach: that one, and nothing beside it. */
  readonly reaches: readonly ReachedVariable[];
  /** Folders it may write to, in memory and gone with the container; `/tmp` is always there. */
  readonly scratch: readonly { readonly path: string; readonly megabytes: number }[];
  /** What tools do where they do not say it themselves, by the server's own name of the tool. */
  readonly toolClasses: readonly (readonly [tool: string, toolClass: ToolClass])[];
  /** `per-session`: the bridge starts a child for each session. */
  readonly sessions: 'shared' | 'per-session';
  /** Credentials belong to a person: each member deploys an instance of their own, which only they may call. */
  readonly personal: boolean;
}

/** A variable the entry asks for; no other reaches the server. */
export interface DeclaredVariable {
  readonly key: string;
  readonly label: string;
  /** `password`: never shown, logged or returned. */
  readonly type: 'text' | 'password';
  readonly required: boolean;
  readonly help: string;
}

/** A declared variable that holds an address, as a URL. */
export interface ReachedVariable {
  readonly variable: string;
  readonly protocol: 'postgres';
  /** Schemes of values that lead to nothing outside of the container. */
  readonly local: readonly string[];
}

export type ProfileName = 'small' | 'medium' | 'large';

/** What a container of each profile may use (ORC-05). */
export const profiles: Readonly<Record<ProfileName, { readonly cpus: number; readonly memoryMegabytes: number }>> = {
  small: { cpus: 0.25, memoryMegabytes: 256 },
  medium: { cpus: 0.5, memoryMegabytes: 512 },
  large: { cpus: 1, memoryMegabytes: 1024 },
};
