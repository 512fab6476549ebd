import { expect, test } from "bun:test";
import { ProgressView, progressBar, sparkline } from "../../../src/load/cli/progress.ts";
import { EMPTY_SNAPSHOT } from "../support/reports.ts";

/** A view that is this many columns wide, and its output. */
function viewOf(terminal: boolean, columns: number) {
  const out: string[] = [];
  const view = new ProgressView(
    (text) => void out.push(text),
    terminal,
    () => columns,
  );
  return { view, out };
}

test("output that is not a terminal gets a line for each interval", () => {
  const { view, out } = viewOf(false, 80);
  view.show({ ...EMPTY_SNAPSHOT, seconds: 1, sent: 100, answered: 98, p50: 0.0012, max: 0.004 });
  view.show({ ...EMPTY_SNAPSHOT, seconds: 2, sent: 300, answered: 290, lost: 2, failed: 1, p50: 0.002, max: 0.004 });
  view.end();
  expect(out.join("").split("\n")).toEqual([
    "udp       1.0 s       100/s  answered 98  lost 0  p50 1.2 ms  max 4 ms",
    "udp       2.0 s       200/s  answered 290  lost 2  failed 1  p50 2 ms  max 4 ms",
    "",
  ]);
});

test("a percentile over the timeout and refused packets are shown", () => {
  const { view, out } = viewOf(false, 80);
  view.show({
    ...EMPTY_SNAPSHOT,
    seconds: 1,
    sent: 90,
    answered: 30,
    lost: 60,
    refused: 10,
    over: { p50: 2 },
    max: 0.004,
  });
  expect(out).toEqual(["udp       1.0 s        90/s  answered 30  lost 60  refused 10  p50 > 2 s  max 4 ms\n"]);
});

test("a terminal gets a progress bar below the lines, no wider than the terminal", () => {
  const { view, out } = viewOf(true, 40);
  view.show({ ...EMPTY_SNAPSHOT, seconds: 5, sent: 500, answered: 500, p50: 0.001 });
  view.end();
  expect(out[0]?.startsWith("\r\u001b[Kudp ")).toBe(true);
  const bar = out[0]?.split("\n")[1] ?? "";
  expect(bar.startsWith("[████████████░░░░░░░░░░░░] 50 % of 10 s")).toBe(true);
  expect(bar.length).toBeLessThan(40);
  expect(out.at(-1)).toBe("\r\u001b[K");
});

test("the view of an interrupted run ends with a line that says so", () => {
  const { view, out } = viewOf(true, 40);
  view.show({ ...EMPTY_SNAPSHOT, seconds: 1.2 });
  view.end(true);
  expect(out.at(-1)).toBe("interrupted\n");
  const endless = viewOf(false, 40);
  endless.view.show({ ...EMPTY_SNAPSHOT, seconds: 3, totalSeconds: Number.POSITIVE_INFINITY });
  endless.view.end(true);
  expect(endless.out.at(-1)).toBe("interrupted\n");
});

test("each line and the bar of a repeated run begin with its number", () => {
  const out: string[] = [];
  const view = new ProgressView(
    (text) => void out.push(text),
    true,
    () => 80,
    { index: 2, of: 5 },
  );
  view.show({ ...EMPTY_SNAPSHOT, seconds: 1 });
  expect(out[0]).toStartWith("\r\u001b[Krun 2 of 5  udp ");
  expect(out[0]?.split("\n")[1]).toStartWith("run 2 of 5  [██");
});

test("a warm-up is announced with its length, and then shown as it goes on", () => {
  const [plain, screen] = [viewOf(false, 80), viewOf(true, 40)];
  for (const { view } of [plain, screen]) {
    for (const seconds of [0, 1.5, 3.01]) {
      view.showWarmUp({ protocol: "udp", seconds, totalSeconds: 3, sent: 1000 * seconds });
    }
  }
  expect(plain.out.join("").split("\n")).toEqual([
    "udp   warm-up of 3 s, which is not measured",
    "udp   warm-up 1.5 s of 3 s, 1,500 sent",
    "udp   warm-up 3 s of 3 s, 3,010 sent",
    "",
  ]);
  expect(screen.out).toEqual([
    "\r\u001b[Kudp   warm-up of 3 s, which is not measured\n",
    "\r\u001b[Kudp   warm-up [████████████░░░░░░░░░░░░",
    "\r\u001b[Kudp   warm-up [████████████████████████",
  ]);
});

test("progressBar and sparkline draw known values", () => {
  expect(progressBar(10, 10)).toBe("[████████████████████████] 100 % of 10 s");
  expect(progressBar(61, Number.POSITIVE_INFINITY)).toBe("61 s, no time limit");
  expect(sparkline([0, 1, null, 4, 8])).toBe("▁▂ ▅█");
  expect(sparkline([null, null])).toBe("  ");
  expect(sparkline([4, Number.POSITIVE_INFINITY, 8])).toBe("▅↑█");
  expect(sparkline([Number.POSITIVE_INFINITY])).toBe("↑");
});
