import { setFlagsFromString } from 'node:v8';

/**
 * Tell the engine what it would otherwise guess wrong about this program.
 *
 * Objects of a call that wait for an upstream often survive a young collection, so V8 begins to allocate them in the
 * old space at once ("pretenuring"). There they stay until a full collection, and keep all young objects they point to:
 * memory grows by the traffic of seconds and every young collection copies it. Measured under load: collections of
 * 30 ms instead of 1 ms and three times the memory.
 *
 * V8 also doubles the young space, up to 128 MiB, each time as many bytes have survived in it as it holds, which is a
 * matter of time. A collection here keeps next to nothing whatever the size, so a larger space saves no work and only
 * leaves the processor's caches. It stays as starting has made it, at 32 MiB.
 */
export function setRuntimeFlags(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  setFlagsFromString('--semi-space-growth-factor=1');
}
