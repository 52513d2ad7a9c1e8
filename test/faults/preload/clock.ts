import { readFileSync } from 'node:fs';

// Loaded before the product (`--import`), on each of its threads: a wall clock that is wrong by as many milliseconds as
// a file says, and may be set while the product runs. Monotonic time stays as it is, as with a real clock.

const Real = Date;
const offsetFile = process.env['MCPNEST_TEST_CLOCK']!;
let offset = 0;
const look = (): void => {
  offset = Number(readFileSync(offsetFile, 'utf8'));
};
look();
setInterval(look, 50).unref();

const now = (): number => Real.now() + offset;
globalThis.Date = new Proxy(Real, {
  construct: (target, given, self) =>
    Reflect.construct(target, given.length === 0 ? [now()] : (given as unknown[]), self) as Date,
  apply: () => new Real(now()).toString(),
  get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
});
