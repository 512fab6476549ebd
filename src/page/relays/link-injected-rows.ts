/** Set, injected and measured values of the faults of a path in one direction, as the rows of a table. */
import { counted, duration, inline, NONE, octets, percent } from "../../base/format.ts";
import type { LinkFaults, Transport } from "../../faults/link-faults.ts";
import type { RelaySince } from "../../live/shapes.ts";
import type { Reading } from "../../metrics/delta.ts";
import type { InjectedRow } from "../faults/injected.ts";
import { delayOf, lossOf, share } from "../faults/injected-rows.ts";

/** The reasons of losses that are faults. */
const FAULTS = ["drop", "burst", "queue-full", "stall", "reset", "limit"] as const;

function sumOf(counts: Reading, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (counts[name] ?? 0), 0);
}

function bitRate(bits: number): string {
  const { value, unit } = octets(bits, "/s");
  return `${value} ${unit.replace("B", "bit")}`;
}

/** Of UDP packets; of TCP octets, because the parts in which a stream is read cannot be compared. */
function lostRow({ drop, burst }: LinkFaults, since: RelaySince, isStream: boolean): InjectedRow {
  const [lost, all, reasons] = isStream
    ? [since.droppedBytes, since.bytesIn, since.dropBytes]
    : [since.dropped, since.packetsIn, since.drops];
  const set = isStream ? NONE : inline(percent(lossOf(burst, drop)));
  return ["lost", set, share(sumOf(reasons, FAULTS), all), share(lost, all)];
}

/** The rate with the mean time in its queue, and what left in `seconds`. */
function rateRow(rate: number, { queued, bytesOut }: RelaySince, seconds: number): InjectedRow {
  const wait = queued === null ? NONE : `${inline(duration(queued))} queued`;
  return ["rate", bitRate(rate), wait, seconds === 0 ? NONE : bitRate((bytesOut * 8) / seconds)];
}

/** The faults that act on packets that are not lost. */
function changeRows(faults: LinkFaults, { packetsIn, dropped, effects }: RelaySince): InjectedRow[] {
  return (["duplicate", "reorder", "corrupt"] as const).flatMap((kind): InjectedRow[] => {
    const probability = faults[kind];
    if (probability === undefined) return [];
    return [[kind, inline(percent(probability)), share(effects[kind] ?? 0, packetsIn - dropped), NONE]];
  });
}

/** The faults that act on connections, with the number of those that they acted on. */
function connectionRows({ stall, reset, limit }: LinkFaults, { effects }: RelaySince): InjectedRow[] {
  const hit = (name: string) => counted(effects[name] ?? 0, "connection");
  const rows: InjectedRow[] = [];
  if (stall) rows.push(["stall", inline(percent(stall.probability)), hit("stall"), NONE]);
  if (reset) rows.push(["reset", inline(percent(reset.probability)), hit("reset"), NONE]);
  if (limit !== undefined) rows.push(["limit", inline(octets(limit)), hit("limit"), NONE]);
  return rows;
}

/** The rows of one direction with `faults`, and with the counts of the `seconds` since they were set. */
export function linkInjectedRows(
  transport: Transport,
  faults: LinkFaults,
  since: RelaySince,
  seconds: number,
): InjectedRow[] {
  const { packetsIn, drops, effects, added } = since;
  const accepted = packetsIn - (drops["queue-full"] ?? 0); // a full queue loses a packet before its delay
  return [
    lostRow(faults, since, transport === "tcp"),
    ["delay", ...delayOf(faults.delay, effects.delay ?? 0, accepted), inline(duration(added))],
    ...(faults.rate === undefined ? [] : [rateRow(faults.rate, since, seconds)]),
    ...changeRows(faults, since),
    ...connectionRows(faults, since),
  ];
}
