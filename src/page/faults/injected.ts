/** What was injected beside what was measured, since a protocol's faults were changed. */

import { count, duration, inline, percent } from "../../base/format.ts";
import type { Delay, Faults } from "../../faults/faults.ts";
import type { SinceChange } from "../../live/shapes.ts";
import { h, setText } from "../ui/dom.ts";
import { term } from "../ui/terms.ts";

/** One line of the table; undefined shows as a dash. */
type Row = readonly [what: string, set: string | undefined, injected: string | undefined, measured: string | undefined];

/** The mean of a delay in s; undefined where the distribution has none. */
function meanDelay(delay: Delay): number | undefined {
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

/** The share of packets that a way of `drop` and `burst` loses in the long run. */
function lossOf({ drop, burst }: Faults, way: "up" | "down"): number {
  const gilbert = burst?.[way];
  const inBursts = gilbert ? gilbert.goodToBad / (gilbert.goodToBad + gilbert.badToGood) : 0;
  return 1 - (1 - (drop?.[way] ?? 0)) * (1 - inBursts);
}

function rows(faults: Faults, { packets, dropped, mean, injected }: SinceChange): Row[] {
  const share = (counted: number, of = packets) => (of === 0 ? undefined : inline(percent(counted / of)));
  const of = (name: string) => injected[name] ?? 0;
  const lostUp = of("drop/up") + of("burst/up");
  const lostDown = of("drop/down") + of("burst/down") + of("reset/down");
  const [up, down] = [lossOf(faults, "up"), 1 - (1 - lossOf(faults, "down")) * (1 - (faults.reset ?? 0))];
  const handled = packets - lostUp;
  const result: Row[] = [
    ["lost up", inline(percent(up)), share(lostUp), undefined],
    ["lost down", inline(percent(down)), share(lostDown, handled), undefined],
    ["no answer", inline(percent(1 - (1 - up) * (1 - down))), share(lostUp + lostDown), share(dropped)],
  ];
  const { delay } = faults;
  const delayMean = delay && meanDelay(delay);
  result.push([
    "response",
    delayMean === undefined ? undefined : inline(duration(delayMean)),
    delay && share(of("delay/down"), handled),
    inline(duration(mean)),
  ]);
  for (const kind of ["duplicate", "reorder", "corrupt"] as const) {
    const chance = faults[kind];
    if (chance !== undefined)
      result.push([kind, inline(percent(chance)), share(of(`${kind}/down`), handled - lostDown), undefined]);
  }
  if (faults.status)
    result.push([
      `status ${faults.status.code}`,
      inline(percent(faults.status.probability)),
      share(of("status/down"), handled - lostDown),
      undefined,
    ]);
  return result;
}

/** The table of one protocol. */
export function createInjected(): { readonly element: HTMLElement; show(faults: Faults, since: SinceChange): void } {
  const caption = h("p", { class: "note" });
  const body = h("tbody");
  const head = ["", "set", "injected", "measured"].map((name) => h("th", { scope: "col" }, name));
  const element = h(
    "section",
    { class: "injected" },
    h("h4", {}, term("injected and measured")),
    h("table", {}, h("thead", {}, h("tr", {}, ...head)), body),
    caption,
  );
  return {
    element,
    show(faults, since) {
      const lines = rows(faults, since);
      while (body.rows.length > lines.length) body.deleteRow(-1);
      while (body.rows.length < lines.length)
        body.append(h("tr", {}, h("th", { scope: "row" }), h("td"), h("td"), h("td")));
      lines.forEach((line, i) => {
        line.forEach((text, j) => {
          const cell = body.rows[i]?.cells[j];
          if (cell) setText(cell, text ?? "–");
        });
      });
      setText(
        caption,
        `${inline(count(since.packets))} packets in ${inline(duration(since.seconds))} with these faults`,
      );
    },
  };
}
