/** Runs against a lab whose faults act upstream too: the reports have what the lab did, to the packet. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { chance, cleanFate, copyFate, decide } from "../../src/faults/decide.ts";
import { byDirection } from "../../src/faults/packet-faults.ts";
import { parseFaults } from "../../src/faults/text.ts";
import { runLoad } from "../../src/load/run.ts";
import { startTestLab } from "../support/lab.ts";
import { scrape } from "../support/scrape.ts";
import { balanced } from "./support/sums.ts";

setDefaultTimeout(20_000);

const COUNT = 1000;

/** The report of a run on one connection against a lab with these faults, its series, and the fates of the packets. */
async function runWith(text: string) {
  const udp = parseFaults("udp", text);
  await using lab = await startTestLab({ impair: { udp }, seed: 5 });
  const load = { rate: 2000, count: COUNT, connections: 1, timeout: 1.5, wait: 1.6, seed: 1, labPorts: lab.ports };
  const report = balanced(await runLoad({ protocol: "udp", ...load }).report);
  const series = await scrape(lab);
  const injected = (kind: string, direction: string) =>
    series.get("wirelab_impairments_total", { protocol: "udp", kind, direction });
  const chances = chance(5, "udp");
  const fates = Array.from({ length: COUNT }, () => copyFate(decide(byDirection(udp), chances, cleanFate())));
  return { report, injected, fates, answered: series.get("response_time_seconds_count", { protocol: "udp" }) };
}

test.concurrent("losses, damage, delay and reordering in both directions at once", async () => {
  const faults = "drop=0.05/0.05,delay=uniform(0,10)/uniform(0,10),reorder=0.1/0.1,corrupt=0.1/0.1";
  const { report, injected, fates } = await runWith(faults);
  const { packets, evidence } = report;
  const arrived = fates.filter(({ up, down }) => !up.lostBy && !down.lostBy);
  const corrupt = arrived.filter(({ up, down }) => up.corruptAt >= 0 || down.corruptAt >= 0).length;
  const [droppedUp, droppedDown] = [injected("drop", "up"), injected("drop", "down")];
  expect(evidence.kind).toBe("lab");
  expect(packets).toMatchObject({ sent: COUNT, corrupt, droppedUp, droppedDown, late: 0, duplicate: 0, failed: 0 });
  expect([packets.lostUp, packets.lostDown, packets.unexplained]).toEqual([droppedUp, droppedDown, 0]);
  expect(packets.answered).toBe(arrived.length - corrupt);
  expect(droppedUp).toBe(fates.filter(({ up }) => up.lostBy).length);
  expect(injected("corrupt", "up")).toBe(fates.filter(({ up }) => !up.lostBy && up.corruptAt >= 0).length);
  expect(injected("delay", "up")).toBe(COUNT);
  expect(injected("reorder", "up")).toBeWithin(20, 200);
  expect(packets.reordered).toBeGreaterThan(0);
});

test.concurrent("copies made upstream and downstream are told apart, and damage and delays of both are as the lab made them", async () => {
  const { report, injected, answered } = await runWith(
    "delay=uniform(0,5)/uniform(0,5),duplicate=0.1/0.1,reorder=0.05/0.05",
  );
  const [up, down] = [injected("duplicate", "up"), injected("duplicate", "down")];
  expect(report.packets).toMatchObject({ sent: COUNT, answered: COUNT, lost: 0, corrupt: 0, duplicate: up + down });
  expect(report.duplicates).toEqual({ up, down, unexplained: 0 });
  expect(answered).toBe(COUNT + up);
  expect(Math.min(up, down)).toBeGreaterThan(50);
});

test.concurrent("a packet is lost only if no copy has an answer", async () => {
  const { report, injected } = await runWith("drop=0.1/0.3,duplicate=0.5/0");
  const { packets, evidence, duplicates } = report;
  expect(evidence.kind).toBe("lab");
  expect([packets.lostUp, packets.droppedUp]).toEqual([injected("drop", "up"), injected("drop", "up")]);
  expect([packets.lostDown, packets.unexplained]).toEqual([packets.droppedDown, 0]);
  const copies = injected("duplicate", "up");
  const delivered = COUNT - injected("drop", "up") + copies - injected("drop", "down");
  expect(duplicates?.up).toBe(delivered - packets.answered);
  expect(packets.lostDown).toBeWithin(injected("drop", "down") - copies, injected("drop", "down"));
  expect(packets.lostDown).toBeGreaterThan(100);
});

test.concurrent("reordering upstream alone: the packets that overtook the held ones are those that the lab held", async () => {
  const { report, injected } = await runWith("reorder=0.05/0");
  expect(report.packets).toMatchObject({ sent: COUNT, answered: COUNT, reordered: injected("reorder", "up") });
  expect(report.packets.reordered).toBeGreaterThan(20);
});
