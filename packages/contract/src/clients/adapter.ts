/** Operating systems whose paths differ. */
export type OperatingSystem = 'linux' | 'macos' | 'windows';

/** How a client writes its configuration down. */
export type ConfigFormat = 'json' | 'jsonc' | 'toml' | 'yaml';

/** `user`: for this person everywhere. `project`: in the folder of a project, and usually shared with it. */
export type ConfigScope = 'user' | 'project';

/** What an entry of a configuration is made of. */
export type ConfigValue =
  | string
  | number
  | boolean
  | null
  | readonly ConfigValue[]
  | { readonly [key: string]: ConfigValue };
export type ConfigObject = { readonly [key: string]: ConfigValue };

/**
 * Where a configuration is. `~` stands for the person's home and `%APPDATA%` for that folder of Windows; a path of
 * scope `project` is relative to the project. Folders are separated by `/`.
 */
export interface ConfigFile {
  readonly scope: ConfigScope;
  readonly paths: Readonly<Record<OperatingSystem, string>>;
}

/** The environment variable that clients and our own bridge read the gateway token from. */
export const tokenVariable = 'MCPNEST_TOKEN';

/** The published bridge for clients that can only start a program, at the version that is tested. */
export const remoteBridge = 'mcp-remote@0.15.1';

/**
 * How a client comes by its gateway token.
 * - `literal`: it is written into the configuration.
 * - `variable`: the client reads it from the environment variable `MCPNEST_TOKEN`.
 * - `prompt`: the client asks for it once and keeps it itself.
 * - `bridge`: it starts `mcpnest connect --stdio`, which keeps the token in the keychain.
 * - `mcp-remote`: it starts `mcp-remote`; the token is in the environment that the configuration gives that program.
 */
export type Auth =
  | { readonly way: 'literal'; readonly token: string }
  | { readonly way: 'variable' }
  | { readonly way: 'prompt' }
  | { readonly way: 'bridge'; readonly program: readonly [string, ...string[]] }
  | { readonly way: 'mcp-remote'; readonly token: string };
export type AuthWay = Auth['way'];

/** Ways that leave no secret in the file, so that it may be shared. */
export const isShareable = (way: AuthWay): boolean => way !== 'literal' && way !== 'mcp-remote';

/** A gateway URL under the name the client shows. */
export interface Endpoint {
  /** Letters, digits and hyphens. */
  readonly name: string;
  readonly url: string;
}

export interface Connection extends Endpoint {
  readonly auth: Auth;
}

/** How a client is brought to a gateway, as data. What it makes holds a token only where `Auth` gives one. */
export interface ClientAdapter {
  readonly id: string;
  readonly name: string;
  /** Where its makers describe this. */
  readonly documentation: string;
  /** Whether its file, its keys and its limits were compared with that documentation. */
  readonly verified: boolean;
  /** What was seen, and what was not. */
  readonly seen: string;
  /** Empty: it is set up in the client itself. */
  readonly files: readonly ConfigFile[];
  readonly format: ConfigFormat;
  /** Keys from the top of the file to where its servers are. */
  readonly container: readonly string[];
  /** `map`: servers by name. `list`: servers with a member `name`. */
  readonly shape: 'map' | 'list';
  /** Ways it can come by a token, the best first. Empty: it takes no token. */
  readonly ways: readonly AuthWay[];
  /** What is written for one server. Never called with a way that is not in `ways`. */
  readonly entry: (connection: Connection) => ConfigObject;
  /** What else belongs into the file for the way `prompt`. */
  readonly prompts?: { readonly container: readonly string[]; readonly item: ConfigObject };
  /** One line for a POSIX shell. It names the variable and never a token, since command lines are visible to all. */
  readonly command?: (endpoint: Endpoint) => string;
  /** A link that opens the client. It never carries a token, since links are kept and passed on. */
  readonly deeplink?: (endpoint: Endpoint) => string;
  /** What a person does there by hand, in order. */
  readonly steps: readonly string[];
  /** Whether it looks again when a list of tools changes (`notifications/tools/list_changed`). */
  readonly listChanged: 'yes' | 'no' | 'unknown';
  /** What to do for it to see what has changed. */
  readonly reload: string;
  /** What does not work, or not as one would think. */
  readonly limits: readonly string[];
}
