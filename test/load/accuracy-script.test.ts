/** The truth of scripts/bench/accuracy.ts, from logs of the lossy link with known answers. */
import { expect, test } from "bun:test";
import { differencesOf } from "../../scripts/bench/accuracy/row.ts";
import { type LoggedPacket, truthOf } from "../../scripts/bench/accuracy/truth.ts";
import { replaceBetween } from "../../scripts/bench/markdown.ts";
import { reportOf } from "./support/reports.ts";

const [PORT, TARGET] = [40_000, 7000];

const hex = (number: number) => number.toString(16).padStart(8, "0");

/** Packet `number`, sent at `at`, of which copies reached the reflector at `delivered`. */
function up(number: number, at: number, ...delivered: number[]): LoggedPacket {
  return { direction: "up", at, from: PORT, to: TARGET, octets: hex(number).padEnd(96, "0"), delivered };
}

/** An answer to packet `number`, of which copies reached the sender at `delivered`. */
function down(number: number, at: number, ...delivered: number[]): LoggedPacket {
  const octets = `${"0".repeat(32)}${"1".repeat(16)}${hex(number)}`.padEnd(96, "0");
  return { direction: "down", at, from: TARGET, to: PORT, octets, delivered };
}

test("every packet has one outcome; copies, order and late answers are counted beside it", () => {
  const log = [
    up(1, 0, 0.1),
    down(1, 0.1, 0.2),
    up(2, 1), // lost upstream
    up(3, 2, 2.1, 2.2), // copied upstream, both answers arrive
    down(3, 2.1, 2.4),
    down(3, 2.2, 2.5),
    up(4, 2, 2.1), // lost downstream
    down(4, 2.1),
    up(5, 2, 2.1), // late, and after packet 6
    down(5, 2.1, 5),
    up(6, 2, 2.1),
    down(6, 2.1, 2.6),
    up(7, 3, 3.1), // not answered
    up(8, 3, 3.1), // answered after the waiting time
    down(8, 3.1, 9),
  ];
  expect(truthOf(log, TARGET, { timeout: 2, wait: 4 })).toEqual({
    sent: 8,
    answered: 3,
    lostUp: 2,
    lostDown: 2,
    late: 1,
    duplicate: 1,
    reordered: 1,
    duplicateUp: 1,
    unclear: 0,
  });
  expect(truthOf(log, TARGET, { timeout: 2.9, wait: 4 }).unclear).toBe(1);
});

test("an echo is the packet itself", () => {
  const echo: LoggedPacket = { ...up(1, 0.1, 0.2), direction: "down", from: TARGET, to: PORT };
  expect(truthOf([up(1, 0, 0.1), echo], TARGET, { timeout: 2, wait: 4 })).toMatchObject({ sent: 1, answered: 1 });
});

test("a report differs if a count is not the truth, or if a direction has more losses than there were", () => {
  const report = reportOf(100, 10, 5);
  const truth = { sent: 100, answered: 90, lostUp: 4, lostDown: 6, late: 0, duplicate: 0, reordered: 0 };
  const whole = { ...truth, duplicateUp: 0, unclear: 0 };
  expect(differencesOf(report, whole, "none")).toEqual([]); // all losses of this report are unexplained
  expect(differencesOf(report, whole, "lab")).toEqual(["lostUp 0, not 4", "lostDown 0, not 6"]);
  expect(differencesOf(report, { ...whole, answered: 91, lostUp: 3 }, "none")).toEqual([
    "answered 90, not 91",
    "10 lost",
  ]);
  const known = { ...report, packets: { ...report.packets, lostUp: 5, unexplained: 5 } };
  expect(differencesOf(known, whole, "session")).toEqual(["lostUp 5, not 4"]);
});

test("a table replaces what is between its markers", () => {
  expect(replaceBetween("a <!-- x: begin --> old <!-- x: end --> b", "x", "new")).toBe(
    "a <!-- x: begin -->\n\nnew\n\n<!-- x: end --> b",
  );
  expect(() => replaceBetween("a", "x", "new")).toThrow("no markers of the table x");
});
