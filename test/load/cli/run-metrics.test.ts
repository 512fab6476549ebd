import { expect, test } from "bun:test";
import { runMetrics } from "../../../src/load/cli/run-metrics.ts";
import { unattributed } from "../../../src/load/measure/directions/loss-direction.ts";
import { Recorder } from "../../../src/load/measure/recorder.ts";

test("handshakes have a histogram for each kind, and for resumed ones apart; runs of one protocol are added", async () => {
  const recorders = [new Recorder(), new Recorder()];
  for (const { handshakes } of recorders) {
    handshakes.record("tcp", 0.2, false);
    handshakes.record("tls", 40, false);
    handshakes.record("tls", 2, true);
    handshakes.record("quic", 3, false);
  }
  const exposition = runMetrics({
    runs: () =>
      recorders.map((recorder) => ({
        ...{ protocol: "https" as const, recorder: () => recorder },
        directions: () => unattributed(recorder),
      })),
    process: () => ({ userSeconds: 0, systemSeconds: 0, residentBytes: 0, openFiles: 0, maxFiles: 0, startTime: 0 }),
    build: { version: "1.2.3", bun_version: "4.5.6" },
  });
  const lines = (await exposition.render()).split("\n").filter((line) => line.startsWith("wirelab_load_handshake_"));
  const labels = (kind: string, resumed: string) => `protocol="https",kind="${kind}",resumed="${resumed}"`;
  expect(lines.filter((line) => line.includes("_count"))).toEqual([
    `wirelab_load_handshake_seconds_count{${labels("tcp", "false")}} 2`,
    `wirelab_load_handshake_seconds_count{${labels("tls", "false")}} 2`,
    `wirelab_load_handshake_seconds_count{${labels("tls", "true")}} 2`,
    `wirelab_load_handshake_seconds_count{${labels("quic", "false")}} 2`,
  ]);
  expect(lines).toContain(`wirelab_load_handshake_seconds_sum{${labels("tls", "false")}} 0.08`);
});

test("the series of a run hold the sums of its packets: planned = sent + unsent + refused", async () => {
  const recorder = new Recorder();
  Object.assign(recorder.counts, { planned: 100, unsent: 3, refused: 7, sent: 90, answered: 80, lost: 10 });
  const exposition = runMetrics({
    runs: () => [{ protocol: "udp", recorder: () => recorder, directions: () => unattributed(recorder) }],
    process: () => ({ userSeconds: 0, systemSeconds: 0, residentBytes: 0, openFiles: 0, maxFiles: 0, startTime: 0 }),
    build: { version: "1.2.3", bun_version: "4.5.6" },
  });
  const lines = (await exposition.render()).split("\n");
  const value = (name: string) =>
    lines.find((line) => line.startsWith(`wirelab_load_${name}_total{protocol="udp"`))?.split(" ")[1];
  expect(["planned", "sent", "unsent", "refused", "answered"].map(value)).toEqual(["100", "90", "3", "7", "80"]);
  expect(lines).toContain('wirelab_load_lost_total{protocol="udp",direction="unexplained"} 10');
});
