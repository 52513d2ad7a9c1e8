/** Printable ASCII that JSON writes as it is. */
export const plain = /^[ !#-[\]-~]*$/;

/** A text as JSON writes it. Nearly every name is plain, and to look is cheaper than `JSON.stringify`. */
export const quoted = (text: string): string => (plain.test(text) ? `"${text}"` : JSON.stringify(text));
