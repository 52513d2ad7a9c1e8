import { afterAll, beforeAll, expect, it } from 'vitest';
import { startProduct, type Product } from '../harness.ts';

/** Sign-ins through a proxy, which is the other end of every connection. */
const email = 'owner@example.com';
let product: Product;
afterAll(() => product?.[Symbol.asyncDispose]());
beforeAll(async () => {
  product = await startProduct({ env: { MCPNEST_TRUSTED_PROXIES: '127.0.0.1' } });
});

const fail = async (forwarded: string): Promise<number> => {
  const response = await fetch(`${product.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': forwarded },
    body: JSON.stringify({ email, password: 'not the password' }),
  });
  await response.body?.cancel();
  return response.status;
};

it('[NEW-11] one who guesses holds up nobody else behind the same proxy, and gains nothing by what they forward', async () => {
  const guesses = [];
  for (let index = 0; index < 6; index++) guesses.push(await fail(`192.0.2.${index}, 203.0.113.9`));
  expect(guesses).toEqual([401, 401, 401, 401, 401, 429]);
  expect(await fail('198.51.100.7')).toBe(401);
});
