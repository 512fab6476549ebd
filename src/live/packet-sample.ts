/** A sample of the packet log for viewers, rounded for display. */
import type { PacketEntry } from "../reflector/packet-log.ts";
import type { PacketSample } from "./shapes.ts";

/** Most packets in one snapshot. */
export const MOST_PACKETS = 100;

/** The rights of a viewer. */
export interface Visibility {
  /** Peers' addresses and session ids: only for viewers who may change the lab. */
  readonly peers: boolean;
}

/** At most MOST_PACKETS of `packets`, evenly spaced and rounded. */
export function sampleOf(packets: readonly PacketEntry[]): readonly PacketEntry[] {
  const step = Math.max(1, packets.length / MOST_PACKETS);
  const count = Math.min(packets.length, MOST_PACKETS);
  return Array.from({ length: count }, (_, i) => packets[Math.floor(i * step)] ?? [])
    .flat()
    .map(rounded);
}

function rounded(packet: PacketEntry): PacketEntry {
  const { at, responseTimeMs } = packet;
  if (responseTimeMs === undefined) return { ...packet, at: Math.round(at) };
  return { ...packet, at: Math.round(at), responseTimeMs: Math.round(responseTimeMs * 1e3) / 1e3 };
}

/** `sample` without the peers and their session ids, unless the viewer may see them. */
export function visiblePart(sample: PacketSample, { peers }: Visibility): PacketSample {
  if (peers) return sample;
  return { ...sample, packets: sample.packets.map(({ session: _, ...packet }) => ({ ...packet, peer: "" })) };
}
