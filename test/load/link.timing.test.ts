/** Load runs over a link that has an exact account of every packet: the reports must agree with it. */
import { describe, expect, test } from "bun:test";
import type { RunReport } from "../../src/load/report/report.ts";
import { type Counts, cross, crossBesideMinimal, linkRuns } from "../support/lossy-link.ts";
import { balanced } from "./support/sums.ts";

const RUN = ["--proto", "udp", "--rate", "1000", "--count", "800", "--timeout", "700ms", "--wait", "1s"];

/** One UDP run's report and the link's counts of its packets. */
interface UdpCrossing {
  readonly report: RunReport;
  readonly up: Counts;
  readonly down: Counts;
}

async function crossUdp(link: readonly string[], load = RUN): Promise<UdpCrossing> {
  const { reports, up, down, overflows } = await cross(link, load);
  expect(overflows).toEqual({ up: 0, down: 0 });
  const [report] = reports;
  if (report === undefined || up.udp === undefined || down.udp === undefined)
    throw new Error("no report or no packets");
  return { report: balanced(report), up: up.udp, down: down.udp };
}

/** Runs side by side over links of their own, with the seeds 1 to `seeds`. */
function crossWithSeeds(link: readonly string[], seeds: number): Promise<UdpCrossing[]> {
  return Promise.all(Array.from({ length: seeds }, (_, index) => crossUdp([...link, "--seed", `${index + 1}`])));
}

/** Checks what holds for every run, whatever the link did. */
function expectAgreement({ report, up, down }: UdpCrossing): void {
  const { packets } = report;
  expect(report.evidence.kind).toBe("lab");
  expect(packets.sent).toBe(up.sent);
  expect(packets.lostUp).toBe(up.lost);
  expect(packets.unexplained).toBe(0);
  // The link counts copies: every copy that it delivered to the client is an answer, late or a duplicate.
  expect(packets.answered + packets.late + packets.duplicate).toBe(down.delivered);
  expect(down.sent).toBe(up.delivered);
}

describe.skipIf(!linkRuns())("over the lossy link", () => {
  test.each([
    ["upstream loss", ["--loss-up", "0.05"]],
    ["downstream loss", ["--loss-down", "0.05"]],
    ["loss in both directions", ["--loss-up", "0.1", "--loss-down", "0.2"]],
    ["bursts", ["--burst-up", "0.02,0.3", "--burst-down", "0.02,0.3", "--delay-ms", "5"]],
    ["reordering", ["--delay-ms", "20", "--jitter-ms", "10", "--loss", "0.03"]],
  ])(
    "%s: every count equals the link's, for two seeds",
    async (_what, link) => {
      for (const crossing of await crossWithSeeds(link, 2)) {
        expectAgreement(crossing);
        expect(crossing.report.packets).toMatchObject({ lostDown: crossing.down.lost, duplicate: 0 });
      }
    },
    60_000,
  );

  test("duplicates: every count equals the link's", async () => {
    const link = "--duplicate 0.1 --loss-up 0.1 --delay-ms 5 --jitter-ms 4".split(" ");
    const crossing = await crossUdp(link);
    expectAgreement(crossing);
    // No answer is lost, so every copy made upstream is answered, and every copy made downstream arrives.
    const duplicate = crossing.up.duplicated + crossing.down.duplicated;
    expect(crossing.report.packets).toMatchObject({ lostDown: 0, duplicate });
  }, 60_000);

  test("all faults at once: the report agrees with the link", async () => {
    const link = "--loss-up 0.05 --loss-down 0.1 --burst-down 0.01,0.4 --duplicate 0.05 --delay-ms 10 --jitter-ms 8";
    for (const crossing of await crossWithSeeds(link.split(" "), 3)) {
      expectAgreement(crossing);
      // A packet with two answers is lost downstream only if both are, so packets lost are at most the copies lost.
      const { report, up, down } = crossing;
      expect(report.packets.lostDown).toBeLessThanOrEqual(down.lost);
      expect(report.packets.lostDown).toBeGreaterThanOrEqual(down.lost - up.duplicated);
      expect(report.packets.reordered).toBeGreaterThan(0);
    }
  }, 60_000);

  test("the median delay equals a minimal client's to 0.2 ms in each direction", async () => {
    // The link program and the machine add to the configured delay: a minimal client measures by how much at the same
    // time, and the run measures by how much it read its own answers late. The closest of up to five runs is compared.
    const link = ["--delay-ms", "20"];
    const load = "--proto udp --rate 200 --count 500".split(" ");
    let difference = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 5 && difference > 0.4e-3; run++) {
      const { minimal, report } = await crossBesideMinimal(link, load, 60);
      const roundTrip = (report.serviceTime.p50 ?? 0) - (report.serverTime.p50 ?? 0) - (report.receiveDelay.p50 ?? 0);
      expect(minimal).toBeGreaterThan(0.04);
      expect(roundTrip).toBeGreaterThan(0.04);
      expect(balanced(report).packets).toMatchObject({ answered: 500, lost: 0 });
      difference = Math.min(difference, Math.abs(roundTrip - minimal));
    }
    expect(difference).toBeLessThan(0.4e-3);
  }, 120_000);

  test.each(["tcp", "http"])(
    "%s loses no packets; retransmission adds delay",
    async (proto) => {
      const link = "--loss 0.03 --delay-ms 5".split(" ");
      const load = "--rate 200 --count 400 --timeout 10s --connections 4".split(" ");
      const { reports, up, down } = await cross(link, ["--proto", proto, ...load]);
      expect((up.tcp?.lost ?? 0) + (down.tcp?.lost ?? 0)).toBeGreaterThan(0);
      expect(reports).toHaveLength(1);
      for (const report of reports) {
        balanced(report);
        expect(report.packets).toMatchObject({ sent: 400, answered: 400, lost: 0 });
        // The shortest retransmission timeout is 200 ms (Linux); a fast retransmission takes another round trip.
        expect(report.responseTime.max ?? 0).toBeGreaterThan(0.019);
      }
    },
    60_000,
  );
});
