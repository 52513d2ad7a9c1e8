import { z } from 'zod';

const callPlace = z.strictObject({
  epoch: z.int().min(0),
  seq: z.int().min(0),
  id: z.string().regex(/^[\w-]{0,64}$/),
});
const eventPlace = z.strictObject({
  at: z.string().regex(/^(?:\d{4}-\d\d-\d\dT[\d:.]+Z)?$/),
  id: z.string().regex(/^[\w-]{0,64}$/),
});
const marks = z.strictObject({
  calls: z
    .record(z.string().regex(/^[\w.:-]{1,100}$/), callPlace)
    .refine((nodes) => Object.keys(nodes).length <= 1_000),
  events: eventPlace.nullable(),
});

/** A place after a call, in the order in which its node closed calls. */
export type CallPlace = Readonly<z.output<typeof callPlace>>;
/** A place after a change, in the order of time and id. */
export type EventPlace = Readonly<z.output<typeof eventPlace>>;

/** How far the records have been handed over, node by node. */
export interface Marks {
  readonly calls: Readonly<Record<string, CallPlace>>;
  /** Null: from the first. */
  readonly events: EventPlace | null;
}

export const noMarks: Marks = { calls: {}, events: null };

export const callsStart: CallPlace = { epoch: 0, seq: 0, id: '' };
export const eventsStart: EventPlace = { at: '', id: '' };

/** Marks as the opaque text others keep and send back. */
export const writeMarks = ({ calls, events }: Marks): string =>
  Buffer.from(JSON.stringify({ calls, events })).toString('base64url');

/** @returns undefined for text that was not given out */
export function readMarks(text: string): Marks | undefined {
  try {
    const read = marks.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}
