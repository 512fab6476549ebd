/** What of the packet log a viewer gets to see: a sample, with as many digits as anybody reads. */
import type { PacketEntry } from "../reflector/packet-log.ts";
import type { Flow } from "./shapes.ts";

/** Most packets that one snapshot shows. */
export const MOST_PACKETS = 100;

/** What somebody may see: peers' addresses only with the right to change the lab, as with sessions. */
export interface Sight {
  readonly peers: boolean;
}

/** Of `packets` as many as a snapshot shows, taken evenly. */
export function thin(packets: readonly PacketEntry[]): readonly PacketEntry[] {
  const step = Math.max(1, packets.length / MOST_PACKETS);
  const count = Math.min(packets.length, MOST_PACKETS);
  return Array.from({ length: count }, (_, i) => packets[Math.floor(i * step)] ?? [])
    .flat()
    .map(short);
}

/** A packet with no more digits than anybody reads. */
function short(packet: PacketEntry): PacketEntry {
  const { at, responseTimeMs } = packet;
  if (responseTimeMs === undefined) return { ...packet, at: Math.round(at) };
  return { ...packet, at: Math.round(at), responseTimeMs: Math.round(responseTimeMs * 1e3) / 1e3 };
}

/** `flow` as somebody with that sight sees it. */
export function shown(flow: Flow, { peers }: Sight): Flow {
  if (peers) return flow;
  return { ...flow, packets: flow.packets.map((packet) => ({ ...packet, peer: "" })) };
}
