import { expect, it } from 'vitest';
import { Secret } from '../domain/secret.ts';
import { newWebhookSecret, signWebhook } from './standard-webhook.ts';

it('signs the example of the Standard Webhooks libraries as they do', () => {
  const secret = new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const signed = signWebhook('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, Buffer.from('{"test": 2432232314}'), [
    secret,
  ]);
  expect(signed).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

it('makes secrets of 32 random bytes', () => {
  const [a, b] = [newWebhookSecret().reveal(), newWebhookSecret().reveal()];
  expect(a).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(a).not.toBe(b);
});
