import { randomBytes } from 'node:crypto';
import { createKeyedDigest } from '../platform/keyed-digest.ts';

/** The place of a page in one state of one list, for whom it was made. */
export interface Place {
  /** Whose list it is: a token, as cursors are good for nobody else. */
  readonly tokenId: string;
  /** The list and its state; a cursor of an earlier state is unknown. */
  readonly list: string;
  readonly page: number;
}

/**
 * Writes and reads cursors of our own lists. They name a page and carry a keyed digest of everything else, under a key
 * of this process: a cursor is good only for the caller, list and state it was made for, and tells nothing.
 */
export class Cursors {
  readonly #digest = createKeyedDigest(randomBytes(32));

  write(place: Place): string {
    return Buffer.from(`${place.page}.${this.#mac(place)}`).toString('base64url');
  }

  /** @returns the page, or undefined for a cursor that was never made for this list as it is now */
  read(cursor: string, place: Omit<Place, 'page'>): number | undefined {
    const match = /^([1-9][0-9]{0,5})\.([0-9a-f]{64})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
    if (match === null) return undefined;
    const page = Number(match[1]);
    return match[2] === this.#mac({ ...place, page }) ? page : undefined;
  }

  #mac({ tokenId, list, page }: Place): string {
    return this.#digest(JSON.stringify([tokenId, list, page]));
  }
}
