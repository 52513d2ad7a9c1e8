const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/;
const nameForm = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * A line of a header section.
 * @throws TypeError when name or value could end the line early (header injection)
 */
export function headerLine(name: string, value: string): string {
  if (!nameForm.test(name) || !valueForm.test(value)) throw new TypeError(`The header ${name} cannot be sent.`);
  return `${name}: ${value}\r\n`;
}
