/** How rules are written; shared by the schemas and by what reads them. */

/** What a tool does to the world. */
export const toolClasses = ['read', 'write', 'destructive'] as const;
export type ToolClass = (typeof toolClasses)[number];

/** Characters of an object, and `*` in it: matching one stays a matter of microseconds. */
export const objectLimits = { length: 200, stars: 8 } as const;

/** Rules of one workspace. */
export const mostRules = 2_500;

/** `server`, `server:tool`, `server:@class`, `server:@prompts`, `server:@resources`; `*` for every server. */
export const objectForm =
  /^(?:\*|[a-z0-9]+(?:-[a-z0-9]+)*)(?::(?:@(?:read|write|destructive|prompts|resources)|[\x21-\x3f\x41-\x7e][\x21-\x7e]*))?$/;

/** `everybody`, or who it is after its kind: members by email, teams by slug, machines by name; each also by id. */
export const subjectForm = /^(?:everybody|(?:member|team|machine):.*\S)$/;

/** The same for whom a server is shown to. */
export const viewerForm = /^(?:workspace|(?:member|team|machine):.*\S)$/;
