/** What the relay command prints: the line at the start, the line of progress, and the counts at the end. */
import { counted, formatCount, formatSeconds, formatShare, inline, octets } from "../../base/format.ts";
import { DIRECTIONS } from "../../faults/faults.ts";
import type { Relay } from "../relay.ts";
import { relayTitle } from "../route/route.ts";
import { type DirectionSnapshot, type RelaySnapshot, relaySnapshot } from "../snapshot.ts";
import type { PlannedRelay } from "./arguments.ts";

/** `udp 127.0.0.1:7443 > 127.0.0.1:443`. */
const pathOf = ({ protocol, listen, upstream }: RelaySnapshot) => `${protocol} ${listen} > ${upstream}`;

/** `no faults`, or the faults. */
const faultsText = ({ faults }: RelaySnapshot) => (faults === "none" ? "no faults" : `faults ${faults}`);

/** The line at the start of a relay. */
export function startLine(relay: Relay, seed: number): string {
  const snapshot = relaySnapshot(relay);
  const seeded = snapshot.faults === "none" ? "" : ` (seed ${seed})`;
  const found = relay.upstreamAddress === undefined ? ", no address yet" : "";
  return `${relayTitle(snapshot.name)}: ${pathOf(snapshot)}${found}, ${faultsText(snapshot)}${seeded}`;
}

/** The line at the start of the relays in front of a lab. */
export function targetLine(target: string, planned: readonly PlannedRelay[], relays: readonly Relay[]): string {
  const ports = planned.map(({ title }, index) => `${title} ${relays[index]?.port}`);
  return `relay: ${ports.join(", ")} forward to ${target} (${relays[0]?.upstreamAddress ?? "no address yet"})`;
}

/** The line of progress: the sums over all relays. */
export function progressLine(relays: readonly Relay[], seconds: number): string {
  const open = relays.reduce((sum, relay) => sum + relay.open.size, 0);
  const parts = DIRECTIONS.map((direction) => {
    const sum = (of: "bytesIn" | "droppedBytes") =>
      inline(octets(relays.reduce((total, relay) => total + relay.counts[direction][of], 0)));
    return `${direction} ${sum("bytesIn")}, dropped ${sum("droppedBytes")}`;
  });
  const errors = relays
    .flatMap(({ upstreamErrors }) => upstreamErrors.names.map((name) => upstreamErrors.get(name)))
    .reduce((sum, count) => sum + count, 0);
  const unreached = errors === 0 ? [] : [`upstream errors ${formatCount(errors)}`];
  return [`${seconds.toFixed(0)} s`, `${formatCount(open)} open`, ...unreached, ...parts].join("  ");
}

/** `1,204 packets, 1,204,000 octets`; on TCP the octets alone. */
function amount(isTcp: boolean, packets: number, bytes: number): string {
  const size = counted(bytes, "octet");
  return isTcp ? size : `${counted(packets, "packet")}, ${size}`;
}

/** The reasons of losses, the most octets first. */
function lossLines(isTcp: boolean, { drops, droppedBytes, bytesIn }: DirectionSnapshot): string[] {
  return Object.entries(drops)
    .toSorted(([, one], [, other]) => other.bytes - one.bytes)
    .map(([reason, { packets, bytes }]) => {
      const share = droppedBytes > 0 && bytesIn > 0 ? ` (${formatShare(bytes / bytesIn)} of the octets)` : "";
      return `        ${reason}: ${amount(isTcp, packets, bytes)}${share}`;
    });
}

/** The lines of one direction. */
function directionLines(isTcp: boolean, direction: string, counts: DirectionSnapshot): string[] {
  const { packetsIn, bytesIn, packetsOut, bytesOut, copies, copiedBytes, waiting, waitingBytes } = counts;
  const { dropped, droppedBytes, addedMs, effects } = counts;
  const line = (label: string, text: string) => `        ${label.padEnd(8)} ${text}`;
  const added = addedMs && `mean ${formatSeconds(addedMs.mean / 1000)}, p99 ${formatSeconds(addedMs.p99 / 1000)}`;
  const changed = Object.entries(effects).map(([kind, count]) => `${kind} ${formatCount(count)}`);
  return [
    `  ${direction.padEnd(5)} ${"in".padEnd(8)} ${amount(isTcp, packetsIn, bytesIn)}`,
    line("out", amount(isTcp, packetsOut, bytesOut)),
    ...(copies > 0 ? [line("copied", amount(isTcp, copies, copiedBytes))] : []),
    ...(waitingBytes > 0 || waiting > 0 ? [line("waiting", amount(isTcp, waiting, waitingBytes))] : []),
    line("dropped", amount(isTcp, dropped, droppedBytes)),
    ...lossLines(isTcp, counts).map((text) => `  ${text}`),
    ...(changed.length > 0 ? [line("faults", changed.join(", "))] : []),
    ...(added ? [line("delay", `${added}, added by the relay`)] : []),
  ];
}

/** The counts of a relay, for a person. */
export function summaryText(snapshot: RelaySnapshot, seconds: number): string {
  const isTcp = snapshot.protocol === "tcp";
  const noun = isTcp ? "connection" : "flow";
  const head = `${relayTitle(snapshot.name)}: ${pathOf(snapshot)}, ${faultsText(snapshot)}`;
  const errors = Object.entries(snapshot.upstreamErrors).map(([kind, count]) => `${kind} ${formatCount(count)}`);
  return [
    `${head}, after ${formatSeconds(seconds)}, ${counted(snapshot.open, noun)} open`,
    ...DIRECTIONS.flatMap((direction) => directionLines(isTcp, direction, snapshot[direction])),
    ...(snapshot.overflows > 0 ? [`  over the limit: ${counted(snapshot.overflows, noun)}`] : []),
    ...(errors.length > 0 ? [`  upstream errors: ${errors.join(", ")}`] : []),
    "",
  ].join("\n");
}
