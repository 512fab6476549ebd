/** The packets of plain mode. */
import { type Protocol, REGISTRY } from "../../../base/protocol.ts";

/** The text of packet `sequence`, such as `Hello UDP 7`, padded with dots to at least `size` octets. */
export function plainText(protocol: Protocol, sequence: number, size: number): Buffer {
  return Buffer.from(`Hello ${REGISTRY[protocol].title} ${sequence}`.padEnd(size, "."));
}
