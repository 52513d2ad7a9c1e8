import { setFlagsFromString } from 'node:v8';

/**
 * Tell the engine what it would otherwise guess wrong about this program.
 *
 * Objects of a call that wait for an upstream often survive a young collection, so V8 begins to allocate them in the
 * old space at once ("pretenuring"). There they stay until a full collection, and keep all young objects they point to:
 * memory grows by the traffic of seconds and every young collection copies it. Measured under load: collections of
 * 30 ms instead of 1 ms and three times the memory.
 */
export const setRuntimeFlags = (): void => setFlagsFromString('--no-allocation-site-pretenuring');
