/** The numbers of a relay's two directions, as the rows of tables. */
import { count, duration, inline, NONE, octets, percent } from "../../base/format.ts";
import { DIRECTIONS, type Direction } from "../../faults/faults.ts";
import type { RelayNow, RelaySecond, RelaySince } from "../../live/shapes.ts";

/** One row. */
export type Row = readonly string[];

/** The arrow of each direction; clients are on the left of the path. */
export const NAMES: Readonly<Record<Direction, string>> = { up: "up →", down: "← down" };

/** Of UDP packets, of TCP octets: the parts in which a stream is read cannot be compared. */
function lossOf({ packetsIn, dropped, bytesIn, droppedBytes }: RelaySecond, isStream: boolean): string {
  const [lost, all] = isStream ? [droppedBytes, bytesIn] : [dropped, packetsIn];
  return all === 0 ? NONE : inline(percent(lost / all));
}

/** The last second: rates in and out, losses, what waits, and the time that the path added. */
export function pathRows(relay: RelayNow): Row[] {
  const isStream = relay.protocol === "tcp";
  const rate = (packets: number, bytes: number) =>
    isStream ? inline(octets(bytes, "/s")) : `${inline(count(packets, "/s"))}, ${inline(octets(bytes, "/s"))}`;
  return DIRECTIONS.map((direction) => {
    const { second, totals } = relay[direction];
    return [
      NAMES[direction],
      rate(second.packetsIn, second.bytesIn),
      rate(second.packetsOut, second.bytesOut),
      lossOf(second, isStream),
      inline(octets(totals.waitingBytes)),
      `${inline(duration(second.added.p50))} / ${inline(duration(second.added.p99))}`,
    ];
  });
}

/** What was counted since the faults changed: amounts, then the losses by reason and the effects of faults. */
export function sinceRows(relay: RelayNow): Row[] {
  const { up, down } = relay;
  const isStream = relay.protocol === "tcp";
  const both = (name: string, read: (since: RelaySince) => string): Row => [name, read(up.since), read(down.since)];
  const names = (read: (since: RelaySince) => object) => [
    ...new Set([...Object.keys(read(up.since)), ...Object.keys(read(down.since))]),
  ];
  const amount = (packets: number, bytes: number) => inline(isStream ? octets(bytes) : count(packets));
  return [
    both("in", ({ packetsIn, bytesIn }) => amount(packetsIn, bytesIn)),
    both("out", ({ packetsOut, bytesOut }) => amount(packetsOut, bytesOut)),
    both("lost", ({ dropped, droppedBytes }) => amount(dropped, droppedBytes)),
    ...names(({ drops }) => drops).map((name) => both(`lost: ${name}`, ({ drops }) => inline(count(drops[name] ?? 0)))),
    ...names(({ effects }) => effects).map((name) =>
      both(`injected: ${name}`, ({ effects }) => inline(count(effects[name] ?? 0))),
    ),
  ];
}
