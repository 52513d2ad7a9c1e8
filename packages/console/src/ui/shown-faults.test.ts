import { expect, it } from 'vitest';
import { beyondFields } from './shown-faults.ts';

const problem = { title: 'Invalid request', detail: 'Two things are wrong.' };

it('says again nothing that fields show', () => {
  const errors = { name: 'is required', url: 'is no URL' };
  expect(beyondFields({ ...problem, errors }, ['is no URL', 'is required'])).toBeUndefined();
  expect(beyondFields({ ...problem, errors: {} }, [])?.lines).toEqual([problem.detail]);
  expect(beyondFields({ ...problem, errors }, [])?.lines).toEqual([problem.detail]);
});

it('says what is wrong with a value that has no field', () => {
  const errors = { name: 'is required', 'credential.header': 'may not be host' };
  expect(beyondFields({ ...problem, errors }, ['is required'])?.lines).toEqual(['credential.header may not be host']);
});

it('hides no fault because a field has the same', () => {
  const errors = { name: 'is required', owner: 'is required', url: 'is no URL' };
  const lines = beyondFields({ ...problem, errors }, ['is required', 'is no URL'])?.lines;
  expect(lines).toEqual(['name is required', 'owner is required']);
  expect(beyondFields({ ...problem, errors }, ['is required', 'is required', 'is no URL'])).toBeUndefined();
});
