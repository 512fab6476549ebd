/** A UDP relay beside the lossy link of the test support, with the same mixture of faults: the same numbers. */
import { beforeAll, describe, expect, test } from "bun:test";
import { DIRECTIONS, type Direction } from "../../../src/faults/faults.ts";
import { wilson } from "../../../src/load/measure/statistics/estimates.ts";
import type { RunReport } from "../../../src/load/report/report.ts";
import { runLoad } from "../../../src/load/run.ts";
import { startTestLab } from "../../support/lab.ts";
import { cross, linkRuns } from "../../support/lossy-link.ts";
import { relayTo } from "./support.ts";

const LINK = "--loss-up 0.05 --loss-down 0.1 --duplicate 0.05 --delay-ms 20 --jitter-ms 4 --seed 3";
const RELAY = "drop=0.05/0.1,duplicate=0.05/0.05,delay=uniform(16,24)/uniform(16,24)";
const [RATE, COUNT] = [500, 1500] as const;

/** What came into a direction, and what became of it, as the path itself counts. */
interface Amounts {
  readonly sent: number;
  readonly lost: number;
  readonly copies: number;
}

/** A load run over a path. */
interface Crossing {
  readonly report: RunReport;
  readonly amounts: Readonly<Record<Direction, Amounts>>;
}

async function overLink(): Promise<Crossing> {
  const run = `--proto udp --rate ${RATE} --count ${COUNT} --timeout 1s --wait 1s`;
  const { reports, up, down } = await cross(LINK.split(" "), run.split(" "));
  const of = ({ udp }: typeof up): Amounts => ({
    sent: udp?.sent ?? 0,
    lost: udp?.lost ?? 0,
    copies: udp?.duplicated ?? 0,
  });
  const [report] = reports;
  if (report === undefined) throw new Error("no report");
  return { report, amounts: { up: of(up), down: of(down) } };
}

async function throughRelay(): Promise<Crossing> {
  await using lab = await startTestLab();
  await using relay = await relayTo("udp", lab.ports.udp, RELAY);
  const target = `127.0.0.1:${relay.port}`;
  const run = { protocol: "udp", target, control: false, rate: RATE, count: COUNT, timeout: 1, wait: 1 } as const;
  const report = await runLoad(run).report;
  const of = ({ packetsIn, dropped, copies }: typeof relay.counts.up) => ({ sent: packetsIn, lost: dropped, copies });
  expect(relay.isBalanced).toBe(true);
  return { report, amounts: { up: of(relay.counts.up), down: of(relay.counts.down) } };
}

/** The shares that a crossing measured, each with its 95 % interval: by the path's counts, and at the client. */
function sharesOf({ report, amounts }: Crossing) {
  const { sent, lost, duplicate, answered } = report.packets;
  return {
    ...Object.fromEntries(
      DIRECTIONS.flatMap((direction) => {
        const { sent, lost, copies } = amounts[direction];
        return [
          [`lost ${direction}`, wilson(lost, sent)],
          [`copied ${direction}`, wilson(copies, sent - lost)],
        ];
      }),
    ),
    "lost at the client": wilson(lost, sent),
    "duplicates at the client": wilson(duplicate, duplicate + answered),
  };
}

describe.skipIf(!linkRuns())("the relay beside the lossy link", () => {
  let [link, relay]: (Crossing | undefined)[] = [];

  beforeAll(async () => {
    link = await overLink();
    relay = await throughRelay();
  }, 60_000);

  test("both lose and duplicate the same shares, within their intervals", () => {
    if (link === undefined || relay === undefined) throw new Error("no crossings");
    const [ofLink, ofRelay] = [sharesOf(link), sharesOf(relay)];
    expect(Object.keys(ofLink).length).toBe(6);
    for (const [share, { low, high }] of Object.entries(ofLink)) {
      const other = ofRelay[share as keyof typeof ofRelay]; // the same keys
      expect([share, low <= other.high && other.low <= high]).toEqual([share, true]);
    }
    for (const { report, amounts } of [link, relay]) {
      expect(report.packets.sent).toBe(amounts.up.sent);
      // Every copy that passed the way down is an answer, late or a duplicate.
      const { answered, late, duplicate } = report.packets;
      expect(answered + late + duplicate).toBe(amounts.down.sent - amounts.down.lost + amounts.down.copies);
    }
  });

  test("both delay by the same times in each direction", () => {
    for (const crossing of [link, relay]) {
      const { oneWay, verdict } = crossing?.report ?? {};
      for (const direction of DIRECTIONS) {
        const { min = 0, p50 = 0 } = oneWay?.[direction] ?? {};
        expect(min).toBeWithin(0.0155, 0.019);
        // A busy machine adds to the delays of most packets; the shortest has none of it.
        if (verdict?.valid) expect(p50).toBeWithin(0.0195, 0.0225);
      }
    }
  });
});
