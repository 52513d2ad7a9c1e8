/**
 * At most `max` characters of a text from outside, as a string of its own: a plain slice would keep the whole text it
 * was cut from in memory.
 */
export const clip = (text: string, max: number): string => Buffer.from(text.slice(0, max)).toString();
