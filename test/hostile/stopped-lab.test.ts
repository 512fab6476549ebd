/** A lab that is stopped in mid-run while it delays answers: every count of the report stays possible. */
import { expect, test } from "bun:test";
import { runLoad } from "../../src/load/run.ts";
import { balanced } from "../load/support/sums.ts";
import { startMain } from "../support/process.ts";
import { until } from "../support/until.ts";

test("a lab that gets SIGTERM with udp:delay=uniform(0,500) leaves no negative count in the report", async () => {
  await using lab = await startMain(["--impair", "udp:delay=uniform(0,500),drop=0.1/0.1"]);
  const control = `127.0.0.1:${lab.ports.http}`;
  const target = `127.0.0.1:${lab.ports.udp}`;
  const run = runLoad({
    protocol: "udp",
    target,
    control,
    rate: 500,
    count: 600,
    timeout: 0.6,
    wait: 0.7,
    interval: 0.1,
  });
  await until(() => run.measured.recorder().counts.sent >= 250, "packets", 10_000);
  lab.signal("SIGTERM");
  const { packets } = balanced(await run.report);
  expect(await lab.exited).toBe(0);
  expect(packets.lost).toBeGreaterThan(100);
}, 30_000);
