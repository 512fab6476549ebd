/** Each protocol has one client, found by its file name. */
import { expect, test } from "bun:test";
import { systemClock } from "../../../src/base/clock.ts";
import { PROTOCOLS } from "../../../src/base/protocol.ts";
import { LabIdentity } from "../../../src/load/measure/directions/lab-identity.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import type { RunParts } from "../../../src/load/send/client.ts";
import { makeClient } from "../../../src/load/send/make-client.ts";

test("the folder of the clients has one file for each protocol of the registry and no other", async () => {
  const folder = `${import.meta.dir}/../../../src/load/send/clients`;
  const files = await Array.fromAsync(new Bun.Glob("**").scan(folder));
  expect(files.sort()).toEqual(PROTOCOLS.map((protocol) => `${protocol}.ts`).sort());
});

test.each(PROTOCOLS)("the client of %s is made from a plan and is not open yet", async (protocol) => {
  const parts: RunParts = {
    endpoint: { hostname: "127.0.0.1", port: 9, address: "127.0.0.1", sameHost: true },
    recorder: new Recorder(),
    clock: systemClock(),
    ssid: 1,
    httpSession: "0123456789abcdef",
    identity: new LabIdentity(),
    onCapacity() {},
  };
  const client = await makeClient(planRun({ protocol }), parts);
  expect([client.pending, client.lastArrival, client.localPorts.size]).toEqual([0, 0, 0]);
  client.close();
});
