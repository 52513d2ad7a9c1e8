import { invalidInput } from '../domain/errors.ts';

/**
 * A slug made from a name: letters without accents, digits, single hyphens, at most 40 characters.
 * @throws AppError `invalid_input` when the name has nothing a slug can be made of
 */
export function slugFrom(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-|-$/g, '');
  if (slug === '') {
    throw invalidInput(`No slug can be made from the name '${name}'. Send a slug of a–z, 0–9 and hyphens.`, [
      { path: 'body.slug', message: 'is required for this name' },
    ]);
  }
  return slug;
}
