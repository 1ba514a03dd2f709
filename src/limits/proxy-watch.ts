import ipaddr from 'ipaddr.js';
import { clientAddress, UNKNOWN_ADDRESS } from './client-address';

/** Calls in a row that have to look alike. */
export const ALIKE = 20;

const PRIVATE_RANGES = new Set(['loopback', 'private', 'linkLocal', 'uniqueLocal', 'carrierGradeNat']);

/** How a call arrived, as far as proxies are concerned. */
export interface Arrival {
  /** The client's address, as the proxies that are trusted gave it. */
  readonly client: string | undefined;
  /** Whether a proxy named a client at all. */
  readonly forwarded: boolean;
  /** Whether somebody is named beyond that client who was not believed. */
  readonly passedOver: boolean;
}

export interface ProxyWatchEvents {
  onChange(suspect: boolean): void;
  /** Once, however often it changes: `address` is what the clients seem to come from. */
  onFirstSuspicion(address: string): void;
}

/**
 * Notices a proxy that TRUST_PROXY does not know: every call then seems to come from the proxy's own, private address, all
 * clients share its limits, and one of them can use them up for all. Or one whose way of writing addresses cannot be read,
 * which comes to the same. One call that arrives otherwise ends the suspicion: behind such a proxy there is none.
 */
export class ProxyWatch {
  readonly #events: ProxyWatchEvents;
  #alike = 0;
  #suspect = false;
  #told = false;

  constructor(events: ProxyWatchEvents) {
    this.#events = events;
  }

  note({ client, forwarded, passedOver }: Arrival): void {
    if (client === undefined) return;
    if (!forwarded || !(isUnreadable(client) || (passedOver && isPrivate(client)))) {
      this.#alike = 0;
      this.#change(false);
      return;
    }
    this.#alike += 1;
    if (this.#alike < ALIKE) return;
    this.#change(true);
    if (this.#told) return;
    this.#told = true;
    this.#events.onFirstSuspicion(clientAddress(client));
  }

  #change(suspect: boolean): void {
    if (suspect === this.#suspect) return;
    this.#suspect = suspect;
    this.#events.onChange(suspect);
  }
}

function isUnreadable(client: string): boolean {
  return clientAddress(client) === UNKNOWN_ADDRESS;
}

/** An address of the machine, its network, or its provider's. */
function isPrivate(client: string): boolean {
  return PRIVATE_RANGES.has(ipaddr.process(client).range());
}
