/** The padding of test packets. */
import { random } from "../../../base/random.ts";
import { STAMP_LENGTH } from "../../../stamp/packet.ts";

/** A packet of `size` octets: zeros for the STAMP fields, then random octets of the seed, which no link can compress. */
export function makePadding(size: number, seed: number): Buffer {
  const packet = Buffer.alloc(size);
  const draw = random(seed, "padding");
  for (let at = STAMP_LENGTH; at < size; at++) packet[at] = draw() * 256;
  return packet;
}
