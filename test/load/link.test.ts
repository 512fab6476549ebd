/** Against the truth: a link that knows the fate of every packet that it carried. */
import { describe, expect, test } from "bun:test";
import type { RunReport } from "../../src/load/report/report.ts";
import { cross, linkRuns, plainRoundTrip, type Way } from "./support/link.ts";
import { balanced } from "./support/sums.ts";

const NOTHING: Way = { sent: 0, lost: 0, duplicated: 0, reordered: 0 };
const RUN = ["--proto", "udp", "--rate", "1000", "--count", "800", "--timeout", "700ms"];

async function crossUdp(link: readonly string[], load = RUN): Promise<{ report: RunReport; up: Way; down: Way }> {
  const crossing = await cross(link, load);
  const [report] = crossing.reports;
  if (report === undefined) throw new Error("no report");
  return { report: balanced(report), up: crossing.up.udp ?? NOTHING, down: crossing.down.udp ?? NOTHING };
}

/** Everything that two observers of the same packets must agree on, whatever the link did. */
function agree(report: RunReport, up: Way, down: Way): void {
  const { packets } = report;
  expect(report.evidence.kind).toBe("lab");
  expect(packets.sent).toBe(up.sent);
  expect(packets.lostUp).toBe(up.lost);
  expect(packets.unexplained).toBe(0);
  // The link counts copies: what it did not lose, with what it added, is what arrived.
  expect(packets.answered + packets.late + packets.duplicate).toBe(down.sent - down.lost + down.duplicated);
  expect(down.sent).toBe(up.sent - up.lost + up.duplicated);
}

describe.skipIf(!linkRuns())("over the lossy link", () => {
  test.each([
    ["loss up", ["--loss-up", "0.05"]],
    ["loss down", ["--loss-down", "0.05"]],
    ["loss both ways", ["--loss-up", "0.1", "--loss-down", "0.2"]],
    ["bursts", ["--burst-up", "0.02,0.3", "--burst-down", "0.02,0.3", "--delay-ms", "5"]],
    ["reordering", ["--delay-ms", "20", "--jitter-ms", "10", "--loss-up", "0.03", "--loss-down", "0.03"]],
  ])(
    "%s, to the packet, for several seeds",
    async (_what, link) => {
      for (const seed of ["1", "2"]) {
        const { report, up, down } = await crossUdp([...link, "--seed", seed]);
        agree(report, up, down);
        expect(report.packets).toMatchObject({ lostDown: down.lost, duplicate: 0 });
      }
    },
    60_000,
  );

  test("duplicates, to the packet", async () => {
    const { report, up, down } = await crossUdp([
      "--duplicate",
      "0.1",
      "--loss-up",
      "0.1",
      "--delay-ms",
      "5",
      "--jitter-ms",
      "4",
    ]);
    agree(report, up, down);
    // No answer is lost, so each copy made on the way up comes back, and each made on the way down with it.
    expect(report.packets).toMatchObject({ lostDown: 0, duplicate: up.duplicated + down.duplicated });
  }, 60_000);

  test("everything at once", async () => {
    const link = "--loss-up 0.05 --loss-down 0.1 --burst-down 0.01,0.4 --duplicate 0.05 --delay-ms 10 --jitter-ms 8";
    for (const seed of ["1", "2", "3"]) {
      const { report, up, down } = await crossUdp([...link.split(" "), "--seed", seed]);
      agree(report, up, down);
      // A packet whose answer was copied is lost only with its last copy: at most as many as the link's lost copies.
      expect(report.packets.lostDown).toBeLessThanOrEqual(down.lost);
      expect(report.packets.lostDown).toBeGreaterThanOrEqual(down.lost - up.duplicated);
      expect(report.packets.reordered).toBeGreaterThan(0);
    }
  }, 60_000);

  test("the delay of the link, to 0.2 ms each way at p50", async () => {
    // The link is a program too, and adds to what it was set to: a plain program's round trip in the same seconds tells
    // how much. Of a few pairs the best is judged, because on two cores a neighbour spoils either.
    const link = ["--delay-ms", "20"];
    let apart = Number.POSITIVE_INFINITY;
    for (let pair = 0; pair < 6 && apart > 0.4e-3; pair++) {
      const plain = await plainRoundTrip(link, 100);
      const { report } = await crossUdp(link, "--proto udp --rate 200 --count 150".split(" "));
      const onTheWay = (report.serviceTime.p50 ?? 0) - (report.serverTime.p50 ?? 0);
      expect(plain).toBeGreaterThan(0.04);
      expect(onTheWay).toBeGreaterThan(0.04);
      apart = Math.min(apart, Math.abs(onTheWay - plain));
    }
    expect(apart).toBeLessThan(0.4e-3);
  }, 90_000);

  test("TCP and HTTP lose nothing, and pay for it with retransmission", async () => {
    const link = ["--loss-up", "0.03", "--loss-down", "0.03", "--delay-ms", "5"];
    const load = "--rate 200 --count 400 --timeout 10s --connections 4".split(" ");
    for (const proto of ["tcp", "http"]) {
      const { reports, up, down } = await cross(link, ["--proto", proto, ...load]);
      expect((up.tcp?.lost ?? 0) + (down.tcp?.lost ?? 0)).toBeGreaterThan(0);
      for (const report of reports) {
        balanced(report);
        expect(report.packets).toMatchObject({ sent: 400, answered: 400, lost: 0 });
        // The shortest retransmission timeout is 200 ms (Linux); a fast retransmission costs another round trip.
        expect(report.responseTime.max ?? 0).toBeGreaterThan(0.019);
      }
    }
  }, 60_000);
});
