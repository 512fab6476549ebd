/** The response times without the delays of the load generator itself, over real sockets. */
import { expect, test } from "bun:test";
import { CLASSICS, REGISTRY } from "../../src/base/protocol.ts";
import type { LoadOptions } from "../../src/load/plan/options.ts";
import { runLoad } from "../../src/load/run.ts";
import { startTestLab } from "../support/lab.ts";

const RUNS = CLASSICS.flatMap((protocol): Partial<LoadOptions>[] =>
  REGISTRY[protocol].stamp ? [{ protocol }, { protocol, mode: "plain" }] : [{ protocol }],
);

test.each(RUNS.map((run) => [Object.values(run).join(" "), run] as const))(
  "%s: the response times without the generator's delays are those of every answer",
  async (_name, { protocol = "udp", ...options }) => {
    await using lab = await startTestLab();
    const target = `127.0.0.1:${lab.ports[protocol]}`;
    const control = `127.0.0.1:${lab.ports.http}`;
    const run = runLoad({
      protocol,
      target,
      control,
      rate: 2000,
      count: 300,
      timeout: 1,
      wait: 1,
      interval: 0.02,
      ...options,
    });
    let isBusy = false;
    // The process does nothing else for 40 ms, so that packets are sent late and answers read late.
    for await (const { answered } of run) {
      if (answered > 0 && !isBusy) Bun.sleepSync(40);
      isBusy ||= answered > 0;
    }
    const { packets } = await run.report;
    const { response, undelayed, scheduleError, receiveDelay } = run.measured.recorder();
    expect(undelayed.count).toBe(packets.answered);
    const own = scheduleError.sum + receiveDelay.sum;
    // About 80 packets were due in the 40 ms: they were late by 20 ms on average.
    expect(response.sum - undelayed.sum).toBeGreaterThan(0.4);
    // Every delay is taken away at most once.
    expect(response.sum - undelayed.sum).toBeLessThanOrEqual(own * 1.000001 + 1e-6);
  },
);
