import { expect, it } from 'vitest';
import { complaintsOf, readDocument, writeDocument } from './policy-text.ts';

const rule = {
  effect: 'deny',
  subject: 'everybody',
  object: 'a:{b}*',
  absolute: false,
  expiresAt: null,
  note: '',
} as const;

it('[L2-02] writes a rule on one line without what goes without saying, and reads it back', () => {
  const text = writeDocument({ format: 'mcpnest-rules/1', rules: [rule, { ...rule, absolute: true }] });
  expect(text.split('\n')[3]).toBe('    { "effect": "deny", "subject": "everybody", "object": "a:{b}*" },');
  expect(readDocument(text)).toMatchObject({
    ok: true,
    document: { rules: [{ object: 'a:{b}*' }, { absolute: true }] },
  });
  expect(readDocument('{"rules": [')).toMatchObject({ ok: false });
});

it('[L2-02] marks the rule that the server complains of, and the whole text where it names none', () => {
  const text = writeDocument({ format: 'mcpnest-rules/1', rules: [rule, { ...rule, object: 'second' }] });
  const [found] = complaintsOf(text, { detail: '', errors: { 'document.rules.1.object': 'must be server:tool' } });
  expect(text.slice(found?.from, found?.to)).toMatch(/^\{ .*"second" \}$/);
  expect(complaintsOf(text, { detail: 'Too many', errors: {} })).toEqual([
    { from: 0, to: text.length, message: 'Too many' },
  ]);
});
