/** Ends of a lab for tests of sessions. */
import type { StampProtocol } from "../../src/base/protocol.ts";
import type { LocalEnd } from "../../src/reflector/session.ts";

/** A listener on loopback whose kernel buffer dropped nothing. */
export function endAt(protocol: StampProtocol, port: number): LocalEnd {
  return { protocol, address: "127.0.0.1", port, receiveBufferDrops: () => 0 };
}
