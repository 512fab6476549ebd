/** A wall clock that is set while a run lasts: sound packets stay sound. */
import { afterEach, expect, spyOn, test } from "bun:test";
import { parseFaults } from "../../src/faults/text.ts";
import { runLoad } from "../../src/load/run.ts";
import { balanced } from "../load/support/sums.ts";
import { startTestLab, urlOf } from "../support/lab.ts";
import { until } from "../support/until.ts";

const systemNow = Date.now;
let spy: { mockRestore(): void } | undefined;

/** Sets the wall clock of this process, in which the labs and the senders run. */
function setClock(byMs: number): void {
  spy = spyOn(Date, "now").mockImplementation(() => systemNow() + byMs);
}

afterEach(() => spy?.mockRestore());

/** The report of a run during which the clock is set. */
async function runAcross(protocol: "udp" | "tcp", byMs: number) {
  await using lab = await startTestLab({ impair: { [protocol]: parseFaults(protocol, "drop=0.1/0.1,delay=5") } });
  const target = `127.0.0.1:${lab.ports[protocol]}`;
  const options = { protocol, target, control: urlOf(lab), rate: 200, count: 300, timeout: 0.5, wait: 1 } as const;
  const run = runLoad(options);
  await until(() => run.measured.recorder().counts.sent >= 20, "packets");
  setClock(byMs);
  return balanced(await run.report);
}

test.each([-3600, 3600])(
  "no packet is corrupt when the clock is set by %d s, and directions stay known",
  async (step) => {
    const reports = await Promise.all([runAcross("udp", step * 1000), runAcross("tcp", step * 1000)]);
    for (const { packets, clockSteps, evidence, serverTime } of reports) {
      expect(packets).toMatchObject({ sent: 300, corrupt: 0, failed: 0, unexplained: 0 });
      expect([packets.lostUp, packets.lostDown]).toEqual([packets.droppedUp, packets.droppedDown]);
      expect(evidence.kind).toBe("lab");
      expect(clockSteps.map(({ seconds }) => Math.round(seconds))).toContain(step);
      expect(serverTime.max).toBeLessThan(2);
    }
  },
);
