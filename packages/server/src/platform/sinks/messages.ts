import type { ShipTarget } from '../journal/shipper-messages.ts';
import type { SinkTarget } from './config.ts';
import type { SendOutcome } from './send.ts';

/** Given to the worker at its start. */
export interface SinksWork {
  readonly nodeId: string;
  readonly target: ShipTarget;
}

export type ToSinksWorker =
  | { readonly kind: 'sent'; readonly id: number; readonly outcome: SendOutcome }
  | { readonly kind: 'stop' };

export type FromSinksWorker =
  | {
      readonly kind: 'send';
      readonly id: number;
      readonly target: SinkTarget;
      readonly contentType: string;
      readonly name: string;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'failing'; readonly reason: string }
  | { readonly kind: 'recovered' };
