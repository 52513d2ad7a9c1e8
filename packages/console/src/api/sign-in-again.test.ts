import { expect, it } from 'vitest';
import { askToSignInAgain, giveUpSigningInAgain } from './sign-in-again.ts';

it('whoever asks while somebody is asked already gets the same answer', async () => {
  const [first, second] = [askToSignInAgain(), askToSignInAgain()];
  expect(second).toBe(first);
  giveUpSigningInAgain();
  expect(await first).toBe(false);
});

it('what waited for one person is not left for the next to answer', async () => {
  const ofOne = askToSignInAgain();
  giveUpSigningInAgain();
  expect(await ofOne).toBe(false);
  const ofNext = askToSignInAgain();
  expect(ofNext).not.toBe(ofOne);
  giveUpSigningInAgain();
  expect(await ofNext).toBe(false);
});
