/** Remembers the latest evicted sessions, by a hash of their source. Fixed memory. */

/** Sessions that are remembered, at most: a later one with the same low bits replaces an earlier one. A power of two. */
const SLOTS = 65_536;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a of the source, without 0, which marks an empty slot. */
function hashOf(address: string, port: number, ssid: number): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < address.length; at++) hash = Math.imul(hash ^ address.charCodeAt(at), FNV_PRIME);
  hash = Math.imul(hash ^ (port & 255), FNV_PRIME);
  hash = Math.imul(hash ^ (port >> 8), FNV_PRIME);
  hash = Math.imul(hash ^ (ssid & 255), FNV_PRIME);
  hash = Math.imul(hash ^ (ssid >> 8), FNV_PRIME);
  return hash >>> 0 || 1;
}

/** The sources whose session was evicted last. */
export class EvictedSessions {
  readonly #hashes = new Uint32Array(SLOTS);

  /** Remembers a session that was evicted. */
  add({ address, port, ssid }: { readonly address: string; readonly port: number; readonly ssid: number }): void {
    const hash = hashOf(address, port, ssid);
    this.#hashes[hash & (SLOTS - 1)] = hash;
  }

  /** Whether a session of that source was evicted, as far as it is remembered. */
  has(address: string, port: number, ssid: number): boolean {
    const hash = hashOf(address, port, ssid);
    return this.#hashes[hash & (SLOTS - 1)] === hash;
  }
}
