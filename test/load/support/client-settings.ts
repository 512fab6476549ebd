/** Settings of a client whose connections are the test's own. */
import { LabIdentity } from "../../../src/load/measure/directions/lab-identity.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";
import type { LoadOptions } from "../../../src/load/plan/options.ts";
import { planRun } from "../../../src/load/plan/run-plan.ts";
import type { ClientSettings } from "../../../src/load/send/client.ts";

/** The settings of a run with these options, with a clock that the test sets, and the number of calls of `onCapacity`. */
export function clientSettings(options: LoadOptions) {
  const clock = { time: 1000, now: () => clock.time, wallAt: (now: number) => now };
  const recorder = new Recorder();
  const notified = { count: 0 };
  const settings: ClientSettings = {
    ...planRun(options),
    endpoint: { hostname: "a", port: 1, address: "127.0.0.1", sameHost: true },
    recorder,
    clock,
    ssid: 1,
    httpSession: "0123456789abcdef",
    identity: new LabIdentity(),
    onCapacity: () => void notified.count++,
  };
  return { settings, clock, recorder, notified };
}
