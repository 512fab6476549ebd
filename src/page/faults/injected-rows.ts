/** Set, injected and measured values of one protocol's faults, as the rows of a table. */
import { duration, inline, NONE, percent } from "../../base/format.ts";
import type { Delay, Direction, Faults } from "../../faults/faults.ts";
import type { SinceChange } from "../../metrics/delta.ts";

/** The faults that lose packets. */
const LOSSES = ["drop", "close", "stall", "burst", "reset"] as const;

/** One row. */
export type InjectedRow = readonly [name: string, set: string, injected: string, measured: string];

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
  const gilbert = burst?.[direction];
  const inBursts = gilbert ? gilbert.goodToBad / (gilbert.goodToBad + gilbert.badToGood) : 0;
  const chances = [drop?.[direction], close?.[direction], stall?.[direction], direction === "down" ? reset : 0];
  return 1 - chances.reduce<number>((passed, chance = 0) => passed * (1 - chance), 1 - inBursts);
}

/** Packets that faults lost in one direction. */
function lostIn(injected: SinceChange["injected"], direction: Direction): number {
  return LOSSES.reduce((sum, kind) => sum + (injected[`${kind}/${direction}`] ?? 0), 0);
}

/** Formats `count` of `total` as a percentage. */
function share(count: number, total: number): string {
  return total === 0 ? NONE : inline(percent(count / total));
}

function lossRows(faults: Faults, lostUp: number, lostDown: number, { packets, dropped }: SinceChange): InjectedRow[] {
  const up = expectedLoss(faults, "up");
  const down = expectedLoss(faults, "down");
  const either = 1 - (1 - up) * (1 - down);
  return [
    ["lost up", inline(percent(up)), share(lostUp, packets), NONE],
    ["lost down", inline(percent(down)), share(lostDown, packets - lostUp), NONE],
    ["no answer", inline(percent(either)), share(lostUp + lostDown, packets), share(dropped, packets)],
  ];
}

function delayRow(faults: Faults, delayed: number, handled: number, mean: number | null): InjectedRow {
  const set = faults.delay && meanDelay(faults.delay);
  return [
    "response time",
    set === undefined ? NONE : inline(duration(set)),
    faults.delay ? share(delayed, handled) : NONE,
    inline(duration(mean)),
  ];
}

/** The rows for `faults`, with the counts since they were set. */
export function injectedRows(faults: Faults, since: SinceChange): InjectedRow[] {
  const injected = (name: string) => since.injected[name] ?? 0;
  const lostUp = lostIn(since.injected, "up");
  const lostDown = lostIn(since.injected, "down");
  const handled = since.packets - lostUp;
  const answers = handled - lostDown;
  const rows = [
    ...lossRows(faults, lostUp, lostDown, since),
    delayRow(faults, injected("delay/down"), handled, since.mean),
  ];
  for (const kind of ["duplicate", "reorder", "corrupt"] as const) {
    const probability = faults[kind];
    if (probability === undefined) continue;
    rows.push([kind, inline(percent(probability)), share(injected(`${kind}/down`), answers), NONE]);
  }
  const { status } = faults;
  if (status) {
    const set = inline(percent(status.probability));
    rows.push([`status ${status.code}`, set, share(injected("status/down"), answers), NONE]);
  }
  return rows;
}
