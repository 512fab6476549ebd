/** Set, injected and measured values of one protocol's faults, as the rows of a table. */
import { duration, inline, NONE, percent } from "../../base/format.ts";
import { type Burst, type Delay, DIRECTIONS, type Direction, type Faults, inDirection } from "../../faults/faults.ts";
import type { SinceChange } from "../../metrics/delta.ts";
import type { InjectedRow } from "./injected.ts";

/** The faults that lose packets. */
const LOSSES = ["drop", "close", "stall", "burst", "reset"] as const;

/** The mean of a delay in s; undefined where the distribution has none. Truncation at the longest delay is ignored. */
export function meanDelay(delay: Delay): number | undefined {
  switch (delay.kind) {
    case "fixed":
      return delay.ms / 1000;
    case "uniform":
      return (delay.minMs + delay.maxMs) / 2000;
    case "normal":
      return delay.meanMs / 1000;
    case "pareto":
      return delay.shape > 1 ? (delay.shape * delay.scaleMs) / (delay.shape - 1) / 1000 : undefined;
  }
}

/** The expected loss ratio of all faults that lose packets in one direction, as independent losses. */
export function expectedLoss({ drop, close, stall, burst, reset }: Faults, direction: Direction): number {
  const chances = [drop?.[direction], close?.[direction], stall?.[direction], direction === "down" ? reset : 0];
  return lossOf(burst?.[direction], ...chances);
}

/** The loss ratio of a burst and of independent losses together. */
export function lossOf(burst: Burst | undefined, ...chances: readonly (number | undefined)[]): number {
  const inBursts = burst ? burst.goodToBad / (burst.goodToBad + burst.badToGood) : 0;
  return 1 - chances.reduce<number>((passed, chance = 0) => passed * (1 - chance), 1 - inBursts);
}

/** Packets that faults lost in one direction. */
function lostIn(injected: SinceChange["injected"], direction: Direction): number {
  return LOSSES.reduce((sum, kind) => sum + (injected[`${kind}/${direction}`] ?? 0), 0);
}

/** Formats `count` of `total` as a percentage. */
export function share(count: number, total: number): string {
  return total === 0 ? NONE : inline(percent(count / total));
}

function lossRows(
  faults: Faults,
  lostUp: number,
  lostDown: number,
  copies: number,
  { packets, dropped }: SinceChange,
): InjectedRow[] {
  const up = expectedLoss(faults, "up");
  const down = expectedLoss(faults, "down");
  const either = 1 - (1 - up) * (1 - down);
  return [
    ["lost up", inline(percent(up)), share(lostUp, packets - copies), NONE],
    ["lost down", inline(percent(down)), share(lostDown, packets - lostUp), NONE],
    ["no answer", inline(percent(either)), share(lostUp + lostDown, packets), share(dropped, packets)],
  ];
}

/** The set and the injected delay: its mean, and the share of the packets that were delayed. */
export function delayOf(delay: Delay | undefined, delayed: number, packets: number): readonly [string, string] {
  const set = delay && meanDelay(delay);
  return [set === undefined ? NONE : inline(duration(set)), delay ? share(delayed, packets) : NONE];
}

/** The rows for `faults`, with the counts since they were set. */
export function injectedRows(faults: Faults, since: SinceChange): InjectedRow[] {
  const injected = (name: string) => since.injected[name] ?? 0;
  const lostUp = lostIn(since.injected, "up");
  const lostDown = lostIn(since.injected, "down");
  const copies = injected("duplicate/up"); // they count as packets
  const handled = since.packets - lostUp;
  const answers = handled - lostDown;
  const rows: InjectedRow[] = [
    ...lossRows(faults, lostUp, lostDown, copies, since),
    [
      "response time",
      ...delayOf(inDirection(faults.delay, "down"), injected("delay/down"), handled),
      inline(duration(since.mean)),
    ],
  ];
  const delayUp = inDirection(faults.delay, "up");
  if (delayUp) {
    rows.push(["delay up", ...delayOf(delayUp, injected("delay/up"), since.packets - copies), NONE]);
  }
  for (const kind of ["duplicate", "reorder", "corrupt"] as const) {
    for (const direction of DIRECTIONS) {
      const probability = inDirection<number>(faults[kind], direction);
      if (probability === undefined || (probability === 0 && direction === "up")) continue;
      const name = direction === "up" ? `${kind} up` : kind;
      const of = direction === "up" ? handled - copies : answers;
      rows.push([name, inline(percent(probability)), share(injected(`${kind}/${direction}`), of), NONE]);
    }
  }
  const { status } = faults;
  if (status) {
    const set = inline(percent(status.probability));
    rows.push([`status ${status.code}`, set, share(injected("status/down"), answers), NONE]);
  }
  return rows;
}
